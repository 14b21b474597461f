/* SPDX-License-Identifier: Apache-2.0 */
#include "export/estimate.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"

#include <jansson.h>

static void tell_user(const ExportEstimate *estimate)
{
    const char *about = estimate->whole ? "" : "about ";
    char bytes[QUANTITY_SIZE];
    char seconds[QUANTITY_SIZE];
    char rows[QUANTITY_SIZE];
    char sample[QUANTITY_SIZE];

    quantity_bytes((uint64_t)estimate->dump_bytes, bytes);
    quantity_seconds(estimate->seconds, seconds);
    message_info(
        "dry run: ready to export %s%s, into %s%s and in about %s (measured on %s)", about,
        quantity_noun((uint64_t)estimate->rows, "row", "rows", rows), about, bytes, seconds,
        estimate->whole ? "all of them"
                        : quantity_noun(estimate->sample_rows, "of them", "of them", sample));
}

static bool tell_program(const ExportEstimate *estimate, Error *error)
{
    return output_json(json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "whole",
                                 estimate->whole, "sample_rows", (json_int_t)estimate->sample_rows,
                                 "rows", (json_int_t)estimate->rows, "entries",
                                 (json_int_t)estimate->entries, "entry_bytes",
                                 (json_int_t)estimate->entry_bytes, "key_bytes",
                                 (json_int_t)estimate->key_bytes, "write_units",
                                 (json_int_t)estimate->write_units, "dump_bytes",
                                 (json_int_t)estimate->dump_bytes, "seconds", estimate->seconds),
                       error) &&
           output_flush(error);
}

bool export_estimate_tell(const ExportEstimate *estimate, bool supervised, Error *error)
{
    tell_user(estimate);
    return !supervised || tell_program(estimate, error);
}

void export_estimate_failed(const Error *cause)
{
    Error warning;

    error_set(&warning, EXIT_CODE_DONE, "size and time of the export could not be estimated: %s",
              cause->message);
    error_detail(&warning, "%s", cause->detail);
    error_hint(&warning, "%s", cause->hint);
    message_warning_error(&warning);
}
