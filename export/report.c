/* SPDX-License-Identifier: Apache-2.0 */
#include "export/report.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *text;
    bool is_rule; /* by design: no warning, also with --strict */
} LEFT_OUT[LEFT_OUT_REASONS] = {
    [LEFT_OUT_EMPTY_TOKEN] = {"staging token is empty", false},
    [LEFT_OUT_TOKEN_ON_NO_BRANCH] = {"staging token is on no branch", false},
    [LEFT_OUT_NO_REPOSITORY] = {"repository is missing", false},
    [LEFT_OUT_NO_USER] = {"user is missing", false},
    [LEFT_OUT_NO_GROUP] = {"group is missing", false},
    [LEFT_OUT_NO_POLICY] = {"policy is missing", false},
    [LEFT_OUT_NO_RUN] = {"run is missing", false},
    [LEFT_OUT_EXPIRED] = {"token is expired", true},
    [LEFT_OUT_NOT_CHOSEN] = {"repository is not chosen", true},
    [LEFT_OUT_OLD_DATABASE] = {"describes the old database", true},
};

static const char *const ADJUSTED[ADJUSTED_REASONS] = {
    [ADJUSTED_RUN_ID_TIME] = "run id holds no time, start_time taken",
    [ADJUSTED_TIMESTAMP] = "timestamp out of range, clamped",
    [ADJUSTED_UTF8] = "invalid UTF-8 replaced",
    [ADJUSTED_METADATA] = "metadata value is no string, its JSON text taken",
    [ADJUSTED_NULL_PARENT] = "NULL among the parents dropped",
    [ADJUSTED_STATEMENT] = ("policy statement read as lakeFS does, by names in any case, others "
                            "dropped"),
};

bool report_rows(Report *report, const char *table, uint64_t rows, Error *error)
{
    return dump_counts_add(&report->source_rows, table, "", rows, error);
}

bool report_left_out(Report *report, const char *table, LeftOut reason, const char *row,
                     Error *error)
{
    if (report->strict && !LEFT_OUT[reason].is_rule) {
        error_set(error, EXIT_CODE_FAILED, "table \"%s\", row (%s) would be left out: %s", table,
                  row, LEFT_OUT[reason].text);
        return error_hint(error, "Without --strict, such rows are left out, counted and reported.");
    }
    if (!report->silent) {
        message_verbose("table \"%s\", row (%s): left out: %s", table, row, LEFT_OUT[reason].text);
    }
    return dump_counts_add(&report->left_out, table, LEFT_OUT[reason].text, 1, error);
}

bool report_adjusted(Report *report, const char *table, Adjusted reason, const char *row,
                     Error *error)
{
    if (!report->silent) {
        message_verbose("table \"%s\", row (%s): adjusted: %s", table, row, ADJUSTED[reason]);
    }
    return dump_counts_add(&report->adjusted, table, ADJUSTED[reason], 1, error);
}

bool report_move(Report *report, DumpPackageSummary *package, Error *error)
{
    bool done = dump_counts_merge(&package->source_rows, &report->source_rows, error) &&
                dump_counts_merge(&package->left_out, &report->left_out, error) &&
                dump_counts_merge(&package->adjusted, &report->adjusted, error);

    report_free(report);
    return done;
}

static bool is_rule(const char *reason)
{
    for (size_t i = 0; i < LEFT_OUT_REASONS; i++) {
        if (strcmp(LEFT_OUT[i].text, reason) == 0) {
            return LEFT_OUT[i].is_rule;
        }
    }
    return false;
}

void report_warn(const DumpPackageSummary *package)
{
    char rows[QUANTITY_SIZE];

    for (size_t i = 0; i < package->left_out.count; i++) {
        const DumpCount *count = &package->left_out.items[i];

        if (!is_rule(count->reason)) {
            message_warning("left out %s of table \"%s\": %s",
                            quantity_noun(count->rows, "row", "rows", rows), count->table,
                            count->reason);
        }
    }
    for (size_t i = 0; i < package->adjusted.count; i++) {
        const DumpCount *count = &package->adjusted.items[i];

        message_warning("adjusted %s of table \"%s\": %s",
                        quantity_noun(count->rows, "row", "rows", rows), count->table,
                        count->reason);
    }
}

void report_foresee(const DumpPackageSummary *package, bool of_all, uint64_t *left_out)
{
    char rows[QUANTITY_SIZE];

    for (size_t i = 0; i < package->left_out.count; i++) {
        const DumpCount *count = &package->left_out.items[i];

        if (!is_rule(count->reason)) {
            *left_out += count->rows;
            message_warning("%s%s of table \"%s\" will be left out: %s",
                            quantity_noun(count->rows, "row", "rows", rows),
                            of_all ? "" : " of the sample", count->table, count->reason);
        }
    }
}

void report_free(Report *report)
{
    dump_counts_free(&report->source_rows);
    dump_counts_free(&report->left_out);
    dump_counts_free(&report->adjusted);
}
