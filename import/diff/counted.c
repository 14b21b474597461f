/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/counted.h"

#include "common/kv/model.h"
#include "import/diff/fields.h"

#include <inttypes.h>
#include <string.h>

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "graveler.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"

/* Fields of messages. */
enum { RUN_PASSED = 8, TASK_HOOK_RUN = 2, RUN_ID = 1 };

/* Every start of lakeFS writes these. */
static const char *const START_UP[] = {"lakefs_kv_type", "golang_version", "architecture",   "os",
                                       "is_k8s",         "is_docker",      "instrumentation"};

static bool begins_with(Slice bytes, const char *text)
{
    return bytes.size >= strlen(text) && memcmp(bytes.data, text, strlen(text)) == 0;
}

static bool is_start_up(const Change *change)
{
    Slice name = change_key_after(change->key, KV_INSTALLATION_METADATA);

    for (size_t i = 0; i < sizeof START_UP / sizeof START_UP[0]; i++) {
        if (name.size < change->key.size && slice_equal(name, slice_text(START_UP[i]))) {
            return true;
        }
    }
    return false;
}

OwnKind counted_own_kind(const Change *change)
{
    static const struct {
        const char *partition;
        OwnKind kind;
    } PARTITIONS[] = {
        {KV_PARTITION_CATALOG, OWN_INSTANCES},
        {KV_PARTITION_OWNERSHIP, OWN_BRANCH_OWNERS},
        {KV_PARTITION_USAGE, OWN_USAGE},
        {KV_PARTITION_CLEANUP, OWN_EMPTIED_AREAS},
    };
    Slice repository_id;
    Slice instance_id;

    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(change->partition_key, slice_text(PARTITIONS[i].partition))) {
            return PARTITIONS[i].kind;
        }
    }
    if (slice_equal(change->partition_key, slice_text(KV_PARTITION_AUTH))) {
        return change->type.message == &kv__token_data__descriptor ? OWN_EXPIRED_TOKENS
               : is_start_up(change)                               ? OWN_START_UP
                                                                   : OWN_NONE;
    }
    if (!kv_partition_is_repository(change->partition_key, &repository_id, &instance_id) ||
        change->type.message == &kv__staged_entry_data__descriptor) {
        return OWN_NONE;
    }
    return begins_with(change->key, KV_TASKS)            ? OWN_TASKS
           : begins_with(change->key, KV_IMPORTS)        ? OWN_IMPORTS
           : begins_with(change->key, KV_LINK_ADDRESSES) ? OWN_UPLOAD_ADDRESSES
                                                         : OWN_NONE;
}

bool counted_is_index(const Change *change)
{
    return change->type.message == &kv__secondary_index__descriptor &&
           !slice_equal(change->partition_key, slice_text(KV_PARTITION_AUTH));
}

/* The repository in the key of a run or of a hook's result. */
static bool find_repository(const Change *change, Slice *repository_id)
{
    const size_t between = strlen(KV_IN_RUNS);
    Slice run_id;

    if (change->type.message == &kv__task_result_data__descriptor) {
        return kv_task_key_parse(change->key, field_bytes(change->value, TASK_HOOK_RUN),
                                 repository_id, &run_id);
    }
    if (change->type.message != &kv__run_result_data__descriptor) {
        return false;
    }
    *repository_id = change_key_after(change->key, KV_REPOSITORIES);
    run_id = field_bytes(change->value, RUN_ID);
    if (repository_id->size <= between + run_id.size) {
        return false;
    }
    repository_id->size -= between + run_id.size;
    return true;
}

static bool print_runs(Counted *counted, TextLine *line)
{
    static const char *const NAMES[2][2] = {{"run", "runs"}, {"hook run", "hook runs"}};
    const uint64_t *counts[2] = {counted->runs, counted->hooks};

    for (size_t i = 0; i < CHANGE_KINDS * 2; i++) {
        ChangeKind kind = (ChangeKind)(i % CHANGE_KINDS);
        size_t what = i / CHANGE_KINDS;

        if (counts[what][kind] == 0) {
            continue;
        }
        text_count(line, counts[what][kind], NAMES[what][0], NAMES[what][1]);
        text_add(line, " of actions of ");
        text_name(line, buffer_slice(&counted->repository_id));
        text_add(line, " %s", change_word(kind));
        if (what == 0 && kind == CHANGE_ADDED) {
            text_add(line, ", %" PRIu64 " of them passed", counted->passed);
        }
        if (!text_end(line)) {
            return false;
        }
    }
    memset(counted->runs, 0, sizeof counted->runs);
    memset(counted->hooks, 0, sizeof counted->hooks);
    counted->passed = 0;
    return true;
}

static bool print_unknown(Counted *counted, TextLine *line)
{
    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++) {
        if (counted->unknown[kind] == 0) {
            continue;
        }
        text_count(line, counted->unknown[kind], "entry", "entries");
        text_add(line, " of an unknown kind in partition ");
        text_name(line, buffer_slice(&counted->partition_key));
        text_add(line, " %s", change_word(kind));
        if (!text_end(line)) {
            return false;
        }
    }
    memset(counted->unknown, 0, sizeof counted->unknown);
    return true;
}

/* Sets which group the next changes are of. */
static bool begin_group(Buffer *name, Slice next, Error *error)
{
    name->size = 0;
    return buffer_append(name, next.data, next.size, error);
}

static bool add_run(Counted *counted, const Change *change, Slice repository_id, TextLine *line,
                    Error *error)
{
    if (!slice_equal(buffer_slice(&counted->repository_id), repository_id) &&
        (!print_runs(counted, line) ||
         !begin_group(&counted->repository_id, repository_id, error))) {
        return false;
    }
    if (change->type.message == &kv__task_result_data__descriptor) {
        counted->hooks[change->kind]++;
    } else {
        counted->runs[change->kind]++;
        counted->passed +=
            change->kind == CHANGE_ADDED ? field_number(change->new_value, RUN_PASSED) != 0 : 0;
    }
    return true;
}

static bool add_unknown(Counted *counted, const Change *change, TextLine *line, Error *error)
{
    if (!slice_equal(buffer_slice(&counted->partition_key), change->partition_key) &&
        (!print_unknown(counted, line) ||
         !begin_group(&counted->partition_key, change->partition_key, error))) {
        return false;
    }
    counted->unknown[change->kind]++;
    return true;
}

bool counted_add(Counted *counted, const Change *change, TextLine *line, Error *error)
{
    OwnKind own = counted_own_kind(change);
    Slice repository_id;

    if (own != OWN_NONE) {
        counted->own[own]++;
        return true;
    }
    if (counted_is_index(change)) {
        return true;
    }
    if (change->type.message == &kv__multipart_upload_data__descriptor) {
        counted->uploads[change->kind]++;
        return true;
    }
    return find_repository(change, &repository_id)
               ? add_run(counted, change, repository_id, line, error)
               : add_unknown(counted, change, line, error);
}

static bool print_uploads(const Counted *counted, TextLine *line)
{
    static const char *const WORDS[CHANGE_KINDS] = {"begun", "ended", "changed"};

    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++) {
        if (counted->uploads[kind] == 0) {
            continue;
        }
        text_count(line, counted->uploads[kind], "multipart upload", "multipart uploads");
        text_add(line, " %s", WORDS[kind]);
        if (!text_end(line)) {
            return false;
        }
    }
    return true;
}

static bool print_own(const Counted *counted, TextLine *line)
{
    static const char *const NAMES[OWN_KINDS][2] = {
        [OWN_INSTANCES] = {"running instance", "running instances"},
        [OWN_BRANCH_OWNERS] = {"owner of a branch", "owners of branches"},
        [OWN_USAGE] = {"usage count", "usage counts"},
        [OWN_START_UP] = {"fact of the last start", "facts of the last start"},
        [OWN_EXPIRED_TOKENS] = {"expired token", "expired tokens"},
        [OWN_TASKS] = {"background task", "background tasks"},
        [OWN_IMPORTS] = {"import", "imports"},
        [OWN_UPLOAD_ADDRESSES] = {"upload address", "upload addresses"},
        [OWN_EMPTIED_AREAS] = {"staging area to empty", "staging areas to empty"},
    };
    const char *separator = "what lakeFS keeps of itself: ";
    bool any = false;

    for (size_t i = 0; i < OWN_KINDS; i++) {
        if (counted->own[i] > 0) {
            text_add(line, "%s", separator);
            text_count(line, counted->own[i], NAMES[i][0], NAMES[i][1]);
            separator = ", ";
            any = true;
        }
    }
    return !any || text_end(line);
}

bool counted_print(Counted *counted, TextLine *line)
{
    return print_runs(counted, line) && print_uploads(counted, line) &&
           print_unknown(counted, line) && print_own(counted, line);
}

void counted_free(Counted *counted)
{
    buffer_free(&counted->repository_id);
    buffer_free(&counted->partition_key);
}
