/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/report.h"

#include "common/base/printable.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"

#include <inttypes.h>
#include <string.h>

/* What the parts are called: in JSON, and in messages one and several of them. */
static const struct {
    KvRepositoryPart part;
    const char *member;
    const char *one;
    const char *many;
} PARTS[] = {
    {KV_PART_BRANCH, "branches", "branch", "branches"},
    {KV_PART_COMMIT, "commits", "commit", "commits"},
    {KV_PART_TAG, "tags", "tag", "tags"},
    {KV_PART_STAGED, "staged_objects", "staged object", "staged objects"},
    {KV_PART_PULL, "pull_requests", "pull request", "pull requests"},
    {KV_PART_SETTING, "settings", "setting", "settings"},
    {KV_PART_RUN, "runs", "run", "runs"},
    {KV_PART_RUN_TASK, "run_hooks", "hook of a run", "hooks of runs"},
};

enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

static const char TRANSIENT_REASON[] = "work in progress of a lakeFS: tasks, imports and addresses "
                                       "of uploads";

static bool namespace_changes(const RestoreReport *report)
{
    return !slice_equal(buffer_slice(&report->source->storage_namespace),
                        buffer_slice(&report->target->storage_namespace));
}

static json_t *text(Slice bytes)
{
    json_t *json = json_stringn((const char *)bytes.data, bytes.size);
    Buffer shown = {0};
    Error ignored;

    /* Not UTF-8, or cut in the middle of a character. */
    if (json == NULL && printable_append(&shown, bytes, &ignored)) {
        json = json_stringn(buffer_string(&shown), shown.size);
    }
    buffer_free(&shown);
    return json;
}

/* What the operator has to do, as a list of texts. */
static bool list_to_do(const RestoreReport *report, json_t *list, Error *error)
{
    const Slice from = buffer_slice(&report->source->storage_namespace);
    const Slice to = buffer_slice(&report->target->storage_namespace);
    KvRepositoryRecord record;
    Buffer line = {0};
    bool done;

    done = namespace_changes(report)
               ? buffer_append_format(
                     &line, error,
                     "copy all objects below \"%s\" to \"%s\" before anybody uses the "
                     "repository: data, ranges and metaranges, outputs of hooks, rules of garbage "
                     "collection",
                     PRINTABLE_NAME(from), PRINTABLE_NAME(to))
               : buffer_append_format(
                     &line, error,
                     "make sure that the objects below \"%s\" are still there: the block store "
                     "is not part of a dump",
                     PRINTABLE_NAME(to));
    done = done && json_array_append_new(list, text(buffer_slice(&line))) == 0;
    if (done && report->full_addresses > 0) {
        line.size = 0;
        done = buffer_append_format(&line, error,
                                    "keep the objects that %" PRIu64 " staged object%s with a full "
                                    "address lead%s to: they are where they were, outside the "
                                    "storage namespace (committed ones may be, too)",
                                    report->full_addresses, report->full_addresses == 1 ? "" : "s",
                                    report->full_addresses == 1 ? "s" : "") &&
               json_array_append_new(list, text(buffer_slice(&line))) == 0;
    }
    if (done && kv_repository_read(buffer_slice(&report->target->record), &record) &&
        record.storage_id.size > 0) {
        line.size = 0;
        done = buffer_append_format(&line, error,
                                    "make sure that the installation has a block store with the id "
                                    "\"%s\"",
                                    PRINTABLE_NAME(record.storage_id)) &&
               json_array_append_new(list, text(buffer_slice(&line))) == 0;
    }
    buffer_free(&line);
    return done || error_out_of_memory(error);
}

static void print_parts(const RestoreReport *report)
{
    Buffer line = {0};
    Error error = {0};
    bool done = buffer_append_format(&line, &error, "restored repository \"%s\"", report->id);

    if (done && !slice_equal(buffer_slice(&report->target->id), slice_text(report->id))) {
        done = buffer_append_format(&line, &error, " as \"%s\"",
                                    PRINTABLE_NAME(buffer_slice(&report->target->id)));
    }
    for (size_t i = 0; done && i < PART_COUNT; i++) {
        uint64_t count = report->parts[PARTS[i].part];

        done = buffer_append_format(&line, &error, "%s %" PRIu64 " %s", i == 0 ? ":" : ",", count,
                                    count == 1 ? PARTS[i].one : PARTS[i].many);
    }
    message_info("%s", buffer_string(&line));
    buffer_free(&line);
}

static Slice bytes_of(const json_t *string)
{
    return slice_of(json_string_value(string), json_string_length(string));
}

static void print_policies(const RestoreReport *report)
{
    const json_t *policy;
    size_t i;

    json_array_foreach(report->policies, i, policy)
    {
        message_info("policy \"%s\" refers to it: %s",
                     PRINTABLE_NAME(bytes_of(json_object_get(policy, "policy"))),
                     PRINTABLE_NAME(bytes_of(json_object_get(policy, "resource"))));
    }
    if (json_array_size(report->policies) == 0) {
        message_info("no policy in the store refers to it");
    }
}

static void print_text(const RestoreReport *report, const json_t *to_do)
{
    const json_t *item;
    char text[QUANTITY_SIZE];
    size_t i;

    print_parts(report);
    if (report->multiparts > 0) {
        message_info(
            "restored %s of all repositories",
            quantity_noun(report->multiparts, "multipart upload", "multipart uploads", text));
    }
    if (report->removed > 0) {
        message_info("removed %s of %s", quantity_noun(report->removed, "entry", "entries", text),
                     report->replaced != NULL
                         ? "the repository that was replaced"
                         : "a deleted repository of this name, which lakeFS had left");
    }
    if (report->renewed_tokens > 0) {
        message_info("%" PRIu64 " staging token%s of the branches %s renewed",
                     report->renewed_tokens, report->renewed_tokens == 1 ? "" : "s",
                     report->renewed_tokens == 1 ? "was" : "were");
    }
    if (report->parts[KV_PART_TRANSIENT] > 0) {
        message_info("left out %s: %s",
                     quantity_noun(report->parts[KV_PART_TRANSIENT], "entry", "entries", text),
                     TRANSIENT_REASON);
    }
    print_policies(report);
    json_array_foreach(to_do, i, item)
    {
        message_warning("%s", json_string_value(item));
    }
}

static json_t *restored_counts(const RestoreReport *report)
{
    json_t *counts = json_object();

    for (size_t i = 0; i < PART_COUNT; i++) {
        json_object_set_new(counts, PARTS[i].member,
                            json_integer((json_int_t)report->parts[PARTS[i].part]));
    }
    json_object_set_new(counts, "multipart_uploads", json_integer((json_int_t)report->multiparts));
    return counts;
}

static json_t *left_out(const RestoreReport *report)
{
    return report->parts[KV_PART_TRANSIENT] == 0
               ? json_array()
               : json_pack("[{s:s, s:I}]", "reason", TRANSIENT_REASON, "entries",
                           (json_int_t)report->parts[KV_PART_TRANSIENT]);
}

bool restore_report_print(const RestoreReport *report, bool json, Error *error)
{
    json_t *to_do = json_array();
    bool done = to_do != NULL ? list_to_do(report, to_do, error) : error_out_of_memory(error);

    if (done && json) {
        done = output_json(
                   json_pack("{s:s, s:s, s:o, s:o, s:o, s:b, s:o, s:I, s:I, s:I, s:o, s:O, s:O}",
                             "outcome", "restored", "repository", report->id, "restored_as",
                             text(buffer_slice(&report->target->id)), "partition",
                             text(buffer_slice(&report->target->partition)), "storage_namespace",
                             text(buffer_slice(&report->target->storage_namespace)), "replaced",
                             report->replaced != NULL, "restored", restored_counts(report),
                             "removed_entries", (json_int_t)report->removed, "renewed_tokens",
                             (json_int_t)report->renewed_tokens, "full_addresses",
                             (json_int_t)report->full_addresses, "left_out", left_out(report),
                             "policies", report->policies, "to_do", to_do),
                   error) &&
               output_flush(error);
    } else if (done) {
        print_text(report, to_do);
    }
    json_decref(to_do);
    return done;
}

bool restore_report_skipped(const char *id, bool json, Error *error)
{
    if (json) {
        return output_json(json_pack("{s:s, s:s}", "outcome", "skipped", "repository", id),
                           error) &&
               output_flush(error);
    }
    message_info("repository \"%s\" exists: it was left as it is, not compared with the dump's",
                 id);
    return true;
}

void restore_report_free(RestoreReport *report)
{
    json_decref(report->policies);
    report->policies = NULL;
}
