/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package actions: runs of actions, and their hooks.
 *
 * See LEGACY-SCHEMA.md and common/kv/KV-MODEL.md, "Package actions".
 */
#include "export/package.h"

#include "common/kv/model.h"
#include "export/emit.h"
#include "export/legacy/derived_id.h"
#include "export/legacy/run_ids.h"
#include "export/legacy/source.h"

#include <string.h>

#include "actions.pb-c.h"

static const char RUNS[] = "actions_runs";
static const char HOOKS[] = "actions_run_hooks";

enum {
    RUN_REPOSITORY_ID,
    RUN_RUN_ID,
    RUN_START_TIME,
    RUN_ID_COLUMNS, /* enough to derive the new id */
    RUN_END_TIME = RUN_ID_COLUMNS,
    RUN_EVENT_TYPE,
    RUN_BRANCH_ID,
    RUN_SOURCE_REF,
    RUN_COMMIT_ID,
    RUN_PASSED,
    RUN_COLUMNS
};

static const SourceColumn RUN_COLUMN_LIST[RUN_COLUMNS] = {
    [RUN_REPOSITORY_ID] = {.name = "repository_id", .type = SOURCE_TEXT, .is_key = true},
    [RUN_RUN_ID] = {.name = "run_id", .type = SOURCE_TEXT, .is_key = true},
    [RUN_START_TIME] = {.name = "start_time", .type = SOURCE_TIMESTAMPTZ},
    [RUN_END_TIME] = {.name = "end_time", .type = SOURCE_TIMESTAMPTZ},
    [RUN_EVENT_TYPE] = {.name = "event_type", .type = SOURCE_TEXT},
    [RUN_BRANCH_ID] = {.name = "branch_id", .type = SOURCE_TEXT},
    [RUN_SOURCE_REF] = {.name = "source_ref", .type = SOURCE_TEXT},
    [RUN_COMMIT_ID] = {.name = "commit_id", .type = SOURCE_TEXT},
    [RUN_PASSED] = {.name = "passed", .type = SOURCE_BOOL},
};

/* The order of both passes over the runs; see run_ids.h. */
#define RUN_ORDER " ORDER BY repository_id COLLATE \"C\", run_id COLLATE \"C\""

static const SourceQuery RUN_ID_QUERY = {
    .table = RUNS,
    .sql = "SELECT repository_id, run_id, start_time FROM {schema}.actions_runs" RUN_ORDER,
    .columns = RUN_COLUMN_LIST,
    .column_count = RUN_ID_COLUMNS,
};

static const SourceQuery RUN_QUERY = {
    .table = RUNS,
    .sql = "SELECT repository_id, run_id, start_time, end_time, event_type, branch_id, source_ref,"
           " commit_id, passed FROM {schema}.actions_runs" RUN_ORDER,
    .columns = RUN_COLUMN_LIST,
    .column_count = RUN_COLUMNS,
};

enum {
    HOOK_REPOSITORY_ID,
    HOOK_RUN_ID,
    HOOK_HOOK_RUN_ID,
    HOOK_HOOK_ID,
    HOOK_ACTION_NAME,
    HOOK_START_TIME,
    HOOK_END_TIME,
    HOOK_PASSED,
    HOOK_RUN_START_TIME, /* of its run; NULL if the run is missing */
    HOOK_COLUMNS
};

static const SourceQuery HOOK_QUERY = {
    .table = HOOKS,
    .sql = "SELECT h.repository_id, h.run_id, h.hook_run_id, h.hook_id, h.action_name,"
           " h.start_time, h.end_time, h.passed, r.start_time FROM {schema}.actions_run_hooks h"
           " LEFT JOIN {schema}.actions_runs r"
           " ON r.repository_id = h.repository_id AND r.run_id = h.run_id",
    .columns =
        (const SourceColumn[]){
            [HOOK_REPOSITORY_ID] = {.name = "repository_id", .type = SOURCE_TEXT, .is_key = true},
            [HOOK_RUN_ID] = {.name = "run_id", .type = SOURCE_TEXT, .is_key = true},
            [HOOK_HOOK_RUN_ID] = {.name = "hook_run_id", .type = SOURCE_TEXT, .is_key = true},
            [HOOK_HOOK_ID] = {.name = "hook_id", .type = SOURCE_TEXT},
            [HOOK_ACTION_NAME] = {.name = "action_name", .type = SOURCE_TEXT},
            [HOOK_START_TIME] = {.name = "start_time", .type = SOURCE_TIMESTAMPTZ},
            [HOOK_END_TIME] = {.name = "end_time", .type = SOURCE_TIMESTAMPTZ},
            [HOOK_PASSED] = {.name = "passed", .type = SOURCE_BOOL},
            [HOOK_RUN_START_TIME] = {.name = "start_time of the run",
                                     .type = SOURCE_TIMESTAMPTZ,
                                     .nullable = true},
        },
    .column_count = HOOK_COLUMNS,
};

/* A run's old id, and the seconds of the new one. */
typedef struct RunKey {
    char *repository_id;
    char *run_id;
    int64_t seconds;
    bool time_in_id;
} RunKey;

static bool read_run_key(SourceRow *row, size_t start_time_column, RunKey *key, Error *error)
{
    int64_t microseconds;
    int64_t run_time;
    KvTime start_time;

    if (!source_text(row, RUN_REPOSITORY_ID, &key->repository_id, error) ||
        !source_text(row, RUN_RUN_ID, &key->run_id, error) ||
        !source_timestamptz(row, start_time_column, &microseconds, error)) {
        return false;
    }
    key->time_in_id = kv_time_from_run_id(slice_text(key->run_id), &run_time);
    if (!key->time_in_id) {
        /* A time out of range is reported when the run itself is migrated. */
        kv_time_from_timestamptz(microseconds, &start_time);
        run_time = start_time.seconds;
    }
    key->seconds = derived_run_seconds(run_time);
    return true;
}

static bool collect_run_id(SourceRow *row, void *state, Error *error)
{
    RunKey key;
    Xid xid;

    return read_run_key(row, RUN_START_TIME, &key, error) &&
           derived_id(key.seconds, slice_text(key.repository_id), slice_text(key.run_id), 0, &xid,
                      error) &&
           run_ids_add(state, xid, error);
}

/* The new id, as text. */
static bool assign_run_id(RunIds *ids, const RunKey *key, char text[XID_TEXT_SIZE + 1],
                          Error *error)
{
    Xid xid;

    if (!run_ids_assign(ids, slice_text(key->repository_id), slice_text(key->run_id), key->seconds,
                        &xid, error)) {
        return false;
    }
    xid_to_text(xid, text);
    return true;
}

/* Checks the key of a run or of its index.  It ends with the run's new id, which follows from the
 * old one: it is no other run's unless the old ones became the same.  Apart from that only the key
 * of a task could be the same. */
static bool check_run_key(SourceRow *row, const RunKey *run, Slice key, Error *error)
{
    bool ambiguous = source_has_replacement(slice_text(run->run_id)) ||
                     slice_contains(key, slice_text(KV_IN_TASKS));

    return source_check_key(row, slice_text(KV_PARTITION_ACTIONS), key, ambiguous, error);
}

/* Writes the run, and its index entries by branch and commit if it has them. */
static bool write_run_entries(SourceRow *row, const RunKey *key, const Kv__RunResultData *data,
                              Error *error)
{
    const Slice partition = slice_text(KV_PARTITION_ACTIONS);
    Worker *worker = row->worker;
    const Slice repository = slice_text(key->repository_id);
    Buffer run_key = {0};
    bool done =
        kv_key_run(&run_key, repository, data->run_id, error) &&
        check_run_key(row, key, buffer_slice(&run_key), error) &&
        emit_message(&worker->emitter, partition, buffer_slice(&run_key), &data->base, error);

    if (done && data->branch_id[0] != '\0') {
        done = kv_key_branch_run(&worker->key, repository, slice_text(data->branch_id),
                                 data->run_id, error) &&
               check_run_key(row, key, buffer_slice(&worker->key), error) &&
               emit_index(&worker->emitter, partition, buffer_slice(&worker->key),
                          buffer_slice(&run_key), error);
    }
    if (done && data->commit_id[0] != '\0') {
        done = kv_key_commit_run(&worker->key, repository, slice_text(data->commit_id),
                                 data->run_id, error) &&
               check_run_key(row, key, buffer_slice(&worker->key), error) &&
               emit_index(&worker->emitter, partition, buffer_slice(&worker->key),
                          buffer_slice(&run_key), error);
    }
    buffer_free(&run_key);
    return done;
}

/* Runs of all repositories take part in the assignment of new ids, so that each gets the one that
 * it has in a dump of all. */
static bool is_chosen(const SourceRow *row, const RunKey *key)
{
    return export_options_choose_repository(row->worker->context->options, key->repository_id);
}

static bool write_run(SourceRow *row, void *state, Error *error)
{
    Kv__RunResultData data = KV__RUN_RESULT_DATA__INIT;
    Kv__Timestamp start_time;
    Kv__Timestamp end_time;
    char run_id[XID_TEXT_SIZE + 1];
    RunKey key;

    if (!read_run_key(row, RUN_START_TIME, &key, error) ||
        !assign_run_id(state, &key, run_id, error) ||
        !source_text(row, RUN_BRANCH_ID, &data.branch_id, error) ||
        !source_text(row, RUN_COMMIT_ID, &data.commit_id, error) ||
        !source_text(row, RUN_SOURCE_REF, &data.source_ref, error) ||
        !source_text(row, RUN_EVENT_TYPE, &data.event_type, error) ||
        !source_time(row, RUN_START_TIME, &start_time, error) ||
        !source_time(row, RUN_END_TIME, &end_time, error) ||
        !source_bool(row, RUN_PASSED, &data.passed, error)) {
        return false;
    }
    if (!is_chosen(row, &key)) {
        return source_left_out(row, LEFT_OUT_NOT_CHOSEN, error);
    }
    if (!key.time_in_id) {
        source_adjusted(row, ADJUSTED_RUN_ID_TIME);
    }
    data.run_id = run_id;
    data.start_time = &start_time;
    data.end_time = &end_time;
    return write_run_entries(row, &key, &data, error);
}

static bool write_hook(SourceRow *row, void *state, Error *error)
{
    Kv__TaskResultData data = KV__TASK_RESULT_DATA__INIT;
    Kv__Timestamp start_time;
    Kv__Timestamp end_time;
    char run_id[XID_TEXT_SIZE + 1];
    RunKey key;

    if (source_is_null(row, HOOK_RUN_START_TIME)) {
        return source_left_out(row, LEFT_OUT_NO_RUN, error);
    }
    if (!read_run_key(row, HOOK_RUN_START_TIME, &key, error) ||
        !assign_run_id(state, &key, run_id, error) ||
        !source_text(row, HOOK_HOOK_RUN_ID, &data.hook_run_id, error) ||
        !source_text(row, HOOK_HOOK_ID, &data.hook_id, error) ||
        !source_text(row, HOOK_ACTION_NAME, &data.action_name, error) ||
        !source_time(row, HOOK_START_TIME, &start_time, error) ||
        !source_time(row, HOOK_END_TIME, &end_time, error) ||
        !source_bool(row, HOOK_PASSED, &data.passed, error)) {
        return false;
    }
    if (!is_chosen(row, &key)) {
        return source_left_out(row, LEFT_OUT_NOT_CHOSEN, error);
    }
    /* The object with the hook's output keeps its name, which has the old id. */
    data.run_id = key.run_id;
    data.start_time = &start_time;
    data.end_time = &end_time;
    return kv_key_task(&row->worker->key, slice_text(key.repository_id), run_id,
                       slice_text(data.hook_run_id), error) &&
           source_check_key(row, slice_text(KV_PARTITION_ACTIONS), buffer_slice(&row->worker->key),
                            strchr(key.repository_id, '/') != NULL ||
                                strchr(data.hook_run_id, '/') != NULL,
                            error) &&
           emit_message(&row->worker->emitter, slice_text(KV_PARTITION_ACTIONS),
                        buffer_slice(&row->worker->key), &data.base, error);
}

static bool prepare(Worker *worker, void **state, UnitList *units, Error *error)
{
    RunIds *ids;

    *state = NULL;
    if (!source_check_unique(worker, RUNS, "repository_id, run_id", error) ||
        !source_check_unique(worker, HOOKS, "repository_id, run_id, hook_run_id", error) ||
        !run_ids_new(&ids, error)) {
        return false;
    }
    *state = ids;
    return source_read(worker, &RUN_ID_QUERY, NULL, collect_run_id, ids, error) &&
           run_ids_seal(ids, error) && unit_list_add(units, 0, error);
}

/* A single unit: hooks need the ids of their runs. */
static bool run(Worker *worker, const Unit *unit, Error *error)
{
    return source_read(worker, &RUN_QUERY, NULL, write_run, unit->state, error) &&
           source_read(worker, &HOOK_QUERY, NULL, write_hook, unit->state, error);
}

static void free_state(void *state)
{
    run_ids_free(state);
}

const Package PACKAGE_ACTIONS = {
    .name = "actions",
    .tables = (const char *const[]){HOOKS, RUNS, NULL},
    .prepare = prepare,
    .run = run,
    .free_state = free_state,
};
_Static_assert((int)HOOK_REPOSITORY_ID == (int)RUN_REPOSITORY_ID &&
                   (int)HOOK_RUN_ID == (int)RUN_RUN_ID,
               "read_run_key reads runs and hooks alike");
