/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/estimate.h"

#include "common/base/interrupt.h"
#include "common/base/quantity.h"
#include "scripts/session/migrate/load_trial.h"
#include "scripts/session/migrate/report.h"

#include <stdlib.h>
#include <string.h>

void estimate_take(Estimate *estimate, const char *printed)
{
    json_t *figures = json_loads(printed, 0, NULL);
    int whole = 0;
    json_int_t rows;
    json_int_t entries;
    json_int_t bytes;
    json_int_t key_bytes;
    json_int_t units;
    json_int_t dump_bytes;
    double seconds;

    *estimate = (Estimate){0};
    estimate->known = figures != NULL &&
                      json_unpack(figures, "{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:F}", "whole",
                                  &whole, "sample_rows", &rows, "entries", &entries, "entry_bytes",
                                  &bytes, "key_bytes", &key_bytes, "write_units", &units,
                                  "dump_bytes", &dump_bytes, "seconds", &seconds) == 0;
    if (estimate->known) {
        *estimate = (Estimate){.known = true,
                               .whole = whole != 0,
                               .sample_rows = rows,
                               .entries = entries,
                               .entry_bytes = bytes,
                               .key_bytes = key_bytes,
                               .write_units = units,
                               .dump_bytes = dump_bytes,
                               .export_seconds = seconds};
    }
    json_decref(figures);
}

/* The lower one of the units per second that options allow and that a new table would get; 0: not
 * known. */
static double write_units_per_second(const MigrateOptions *options)
{
    static const char OPTION[] = "--write-units=";
    const char *capacity = options->lakefs.dynamodb_write_capacity;
    double lowest = capacity == NULL ? 0 : strtod(capacity, NULL);

    for (size_t i = 0; i < options->import_options.count; i++) {
        const char *word = options->import_options.items[i];

        if (strncmp(word, OPTION, strlen(OPTION)) == 0) {
            double limit = strtod(word + strlen(OPTION), NULL);

            lowest = lowest == 0 || limit < lowest ? limit : lowest;
        }
    }
    return lowest;
}

static void estimate_units(Estimate *estimate, const MigrateOptions *options)
{
    double rate = write_units_per_second(options);

    estimate->load_known = rate > 0;
    if (estimate->load_known) {
        estimate->load_seconds = (double)estimate->write_units / rate;
    } else {
        error_set(&estimate->load_problem, EXIT_CODE_DONE,
                  "it depends on the write capacity units that the table takes per second");
    }
}

bool estimate_load(Estimate *estimate, const Session *session, Error *error)
{
    const LoadTrial trial = {.entries = (double)estimate->entries,
                             .bytes = (double)estimate->entry_bytes,
                             .key_bytes = (double)estimate->key_bytes};

    if (!estimate->known) {
        return true;
    }
    if (migrate_options_in_dynamodb(session->options)) {
        estimate_units(estimate, session->options);
        return true;
    }
    if (session->options->no_trial) {
        error_set(&estimate->load_problem, EXIT_CODE_DONE, "nothing is written to try it");
        return true;
    }
    estimate->load_known =
        load_trial(session, &trial, &estimate->load_seconds, &estimate->load_problem);
    return interrupt_check(error);
}

void estimate_basis(const Estimate *estimate, char text[ESTIMATE_BASIS_SIZE])
{
    char rows[QUANTITY_SIZE];

    quantity_count((uint64_t)estimate->sample_rows, rows);
    snprintf(text, ESTIMATE_BASIS_SIZE, "measured on %s%s row%s",
             estimate->whole ? "all " : "a sample of ", rows,
             estimate->sample_rows == 1 ? "" : "s");
}

static void print_size(const Estimate *estimate, FILE *output, int indent)
{
    const char *about = estimate->whole ? "" : "about ";
    char basis[ESTIMATE_BASIS_SIZE];
    char entries[QUANTITY_SIZE];
    char bytes[QUANTITY_SIZE];

    estimate_basis(estimate, basis);
    quantity_count((uint64_t)estimate->entries, entries);
    quantity_bytes((uint64_t)estimate->dump_bytes, bytes);
    report_field(output, indent, "estimate", "%s%s entr%s, a dump of %s%s (%s)", about, entries,
                 estimate->entries == 1 ? "y" : "ies", about, bytes, basis);
}

static void print_units(const Estimate *estimate, FILE *output, int indent)
{
    char units[QUANTITY_SIZE];

    quantity_count((uint64_t)estimate->write_units, units);
    report_field(output, indent, "", "%s%s write capacity units", estimate->whole ? "" : "about ",
                 units);
}

static void print_downtime(const Estimate *estimate, FILE *output, int indent)
{
    char export[QUANTITY_SIZE];
    char load[QUANTITY_SIZE];
    char both[QUANTITY_SIZE];

    quantity_seconds(estimate->export_seconds, export);
    if (!estimate->load_known) {
        report_field(output, indent, "downtime",
                     "about %s for the export; the time of the load is not estimated: %s", export,
                     estimate->load_problem.message);
        return;
    }
    quantity_seconds(estimate->load_seconds, load);
    quantity_seconds(estimate->export_seconds + estimate->load_seconds, both);
    report_field(output, indent, "downtime",
                 "at least %s (estimate: %s for the export, %s for the load)", both, export, load);
}

void estimate_print(const Estimate *estimate, const Session *session, FILE *output, int indent)
{
    if (!estimate->known) {
        report_field(
            output, indent, "downtime",
            "not estimated: the export could not be tried; kv-migrate rehearse measures it");
        return;
    }
    print_size(estimate, output, indent);
    if (migrate_options_in_dynamodb(session->options)) {
        print_units(estimate, output, indent);
    }
    print_downtime(estimate, output, indent);
}

static json_t *number(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

/* In whole milliseconds, so that JSON has no digits of rounding errors. */
static json_t *duration(bool known, double seconds)
{
    return known ? json_real((double)(int64_t)(seconds * 1000) / 1000) : json_null();
}

void estimate_encode(const Estimate *estimate, const Session *session, json_t *object)
{
    bool loaded = estimate->known && estimate->load_known;
    bool in_dynamodb = migrate_options_in_dynamodb(session->options);

    json_object_set_new(object, "estimated_entries", number(estimate->known, estimate->entries));
    json_object_set_new(object, "estimated_dump_bytes",
                        number(estimate->known, estimate->dump_bytes));
    json_object_set_new(object, "estimated_write_units",
                        number(estimate->known && in_dynamodb, estimate->write_units));
    json_object_set_new(object, "estimated_export_seconds",
                        duration(estimate->known, estimate->export_seconds));
    json_object_set_new(object, "estimated_load_seconds", duration(loaded, estimate->load_seconds));
    json_object_set_new(object, "estimated_seconds",
                        duration(loaded, estimate->export_seconds + estimate->load_seconds));
    json_object_set_new(object, "sample_rows", number(estimate->known, estimate->sample_rows));
    json_object_set_new(object, "sample_is_whole",
                        estimate->known ? json_boolean(estimate->whole) : json_null());
}
