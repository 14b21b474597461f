/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/text_report.h"

#include "common/cli/output.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "import/diff/change.h"
#include "import/diff/commit_group.h"
#include "import/diff/counted.h"
#include "import/diff/text_line.h"

#include <inttypes.h>
#include <stdlib.h>

#include "graveler.pb-c.h"

struct TextReport {
    TextLine line;
    StagedAreas *areas;
    CommitGroup commits;
    Buffer commit_partition; /* of these commits */
    Counted counted;
    uint64_t counts[KV_PACKAGES][CHANGE_KINDS];
};

bool text_report_new(TextReport **report, Error *error)
{
    *report = calloc(1, sizeof **report);
    return *report == NULL ? error_out_of_memory(error)
                           : staged_areas_new(&(*report)->areas, error);
}

StagedAreas *text_report_areas(TextReport *report)
{
    return report->areas;
}

/* Both states of a branch may have tokens. */
static bool learn_branches(TextReport *report, const Difference *difference, Error *error)
{
    return (!difference->has_old ||
            staged_areas_learn(report->areas, &difference->old_entry, error)) &&
           (!difference->has_new ||
            staged_areas_learn(report->areas, &difference->new_entry, error));
}

static bool add_commit(TextReport *report, const Change *change, Error *error)
{
    report->commit_partition.size = 0;
    return buffer_append(&report->commit_partition, change->partition_key.data,
                         change->partition_key.size, error) &&
           commit_group_add(&report->commits, change, error);
}

static bool describe_version(TextLine *line, const Change *change)
{
    if (!slice_equal(change->partition_key, slice_text(KV_PARTITION_INTERNAL)) ||
        !slice_equal(change->key, slice_text(KV_VERSION_KEY))) {
        return false;
    }
    text_add(line, "KV version changed from ");
    text_name(line, change->old_value);
    text_add(line, " to ");
    text_name(line, change->new_value);
    return true;
}

static bool is_auth(const Change *change)
{
    return kv_package_of(change->partition_key, change->key, change->value) == KV_PACKAGE_AUTH;
}

/* Tells what can be told in one line; else counts it. */
static bool tell(TextReport *report, const Change *change, Error *error)
{
    TextLine *line = &report->line;
    const bool own = counted_own_kind(change) != OWN_NONE;

    if (!own && (describe_version(line, change) ||
                 (is_auth(change) && change_describe_auth(line, change)) ||
                 change_describe_repository(line, change))) {
        change_unreadable(line, change);
        return text_end(line);
    }
    return counted_add(&report->counted, change, line, error);
}

bool text_report_add(TextReport *report, const Difference *difference, Error *error)
{
    Change change = change_of(difference);

    report->line.error = error;
    report->counts[kv_package_of(change.partition_key, change.key, change.value)][change.kind]++;
    if (!slice_equal(buffer_slice(&report->commit_partition), change.partition_key) &&
        !commit_group_print(&report->commits, &report->line)) {
        return false;
    }
    if (change.type.message == &kv__staged_entry_data__descriptor) {
        return staged_areas_add(report->areas, &change, error);
    }
    if (change.type.message == &kv__commit_data__descriptor) {
        return add_commit(report, &change, error);
    }
    return learn_branches(report, difference, error) && tell(report, &change, error);
}

static void print_counts(const char *name, const uint64_t counts[CHANGE_KINDS])
{
    output_line("%-12s %14" PRIu64 " %14" PRIu64 " %14" PRIu64, name, counts[CHANGE_ADDED],
                counts[CHANGE_REMOVED], counts[CHANGE_CHANGED]);
}

static void print_packages(const TextReport *report)
{
    uint64_t total[CHANGE_KINDS] = {0};

    output_line("%s", "");
    output_line("%-12s %14s %14s %14s", "package", "added", "removed", "changed");
    for (size_t i = 0; i < KV_PACKAGES; i++) {
        uint64_t sum = 0;

        for (size_t k = 0; k < CHANGE_KINDS; k++) {
            total[k] += report->counts[i][k];
            sum += report->counts[i][k];
        }
        if (sum > 0) {
            print_counts(KV_PACKAGE_NAMES[i], report->counts[i]);
        }
    }
    print_counts("total", total);
}

bool text_report_end(TextReport *report, Error *error)
{
    report->line.error = error;
    if (!commit_group_print(&report->commits, &report->line) ||
        !staged_areas_print(report->areas, &report->line) ||
        !counted_print(&report->counted, &report->line)) {
        return false;
    }
    print_packages(report);
    return true;
}

void text_report_free(TextReport *report)
{
    if (report == NULL) {
        return;
    }
    buffer_free(&report->line.buffer);
    staged_areas_free(report->areas);
    commit_group_free(&report->commits);
    buffer_free(&report->commit_partition);
    counted_free(&report->counted);
    free(report);
}
