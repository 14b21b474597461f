/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/loaded_store.h"

#include "common/kv/model.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/programs.h"

#include <jansson.h>
#include <string.h>

/* What lakeFS keeps at least one of as long as there were some.  Uploads in progress end, tags are
 * deleted; the last repository hardly ever is, and takes its branches and commits with it.  A newer
 * lakeFS has moved users between the partitions of the package. */
static const struct {
    const char *package; /* that had entries, */
    const char *table;   /* or the legacy table that rows were taken over of */
    const char *name;
    const char *condition;
} LASTING[] = {
    {"actions", NULL, "action runs", "partition_key = '" KV_PARTITION_ACTIONS "'"},
    {"auth", NULL, "users, groups and policies",
     "partition_key IN ('" KV_PARTITION_AUTH "', '" KV_PARTITION_BASIC_AUTH
     "', '" KV_PARTITION_ACL_AUTH "')"},
    {"graveler", NULL, "repositories", "partition_key = '" KV_PARTITION_GRAVELER "'"},
    {NULL, "graveler_branches", "branches", "key >= 'branches/' AND key < 'branches0'"},
    {NULL, "graveler_commits", "commits", "key >= 'commits/' AND key < 'commits0'"},
};

static const char LAST_COPY[] =
    "The legacy tables may be the last copy: find out first what happened to the store. ";

/* The rows of a table that were taken over; 0 where the note does not say. */
static int64_t taken_rows(const Note *note, const char *table)
{
    const json_t *left_out = json_object_get(note->json, "left_out");
    int64_t rows;
    size_t i;
    json_t *item;

    if (!note_rows(note, table, &rows)) {
        return 0;
    }
    json_array_foreach(left_out, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "table"));

        if (name != NULL && strcmp(name, table) == 0) {
            rows -= json_integer_value(json_object_get(item, "rows"));
        }
    }
    return rows;
}

static bool was_loaded(const Note *note, size_t i)
{
    const json_t *entries = json_object_get(note->json, "entries");

    return LASTING[i].package == NULL
               ? taken_rows(note, LASTING[i].table) > 0
               : json_integer_value(json_object_get(entries, LASTING[i].package)) > 0;
}

static bool is_there(Session *session, size_t i, bool *there, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done =
        buffer_append_format(&sql, error, "SELECT FROM %s." KV_TABLE_NAME " WHERE %s LIMIT 1",
                             session->schema.quoted, LASTING[i].condition) &&
        pg_query(session->connection, buffer_string(&sql), 0, NULL, &rows, error);

    *there = done && pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static bool check_table(Session *session, const Note *note, const char *hint, Error *error)
{
    Buffer missing = {0};
    bool done = true;

    for (size_t i = 0; done && i < sizeof LASTING / sizeof LASTING[0]; i++) {
        bool there = true;

        done = (!was_loaded(note, i) || is_there(session, i, &there, error)) &&
               (there || buffer_append_format(&missing, error, "%s%s", missing.size > 0 ? "; " : "",
                                              LASTING[i].name));
    }
    if (done && missing.size > 0) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the table kv no longer holds what was loaded into it: nothing is dropped");
        error_detail(error, "It was loaded with entries of these kinds, and has none of them: %s.",
                     buffer_string(&missing));
        done = error_hint(error, "%s%s", LAST_COPY, hint);
    }
    buffer_free(&missing);
    return done;
}

static bool refuse_dynamodb(const Note *note, const char *what, const char *hint, Error *error)
{
    char place[NOTE_PLACE_SIZE];

    note_place(note, place);
    error_set(error, EXIT_CODE_REFUSED, "the KV store %s: nothing is dropped", what);
    error_detail(error, "The store is %s.", place);
    return error_hint(error, "%s%s", LAST_COPY, hint);
}

static bool is_stamped(const char *printed)
{
    json_t *json = json_loads(printed, 0, NULL);
    const char *state = json_string_value(json_object_get(json, "state"));
    bool stamped = state != NULL && strcmp(state, "stamped") == 0;

    json_decref(json);
    return stamped;
}

static bool check_dynamodb(Session *session, const Note *note, const char *hint, Error *error)
{
    Program program = {0};
    Buffer printed = {0};
    const ChildOptions child = child_options(&program.command, &program.environment);
    int status = 0;
    bool done = program_import_bare(session, &program, error) &&
                words_add(&program.command, "--check-target", error) &&
                words_add(&program.command, "--format=json", error) &&
                program_add_noted_dynamodb(session, note, &program.command, error) &&
                child_capture(&child, &printed, &status, error);

    if (done && status != 0) {
        done = refuse_dynamodb(note, "could not be looked at", hint, error);
    } else if (done && !is_stamped(buffer_string(&printed))) {
        done = refuse_dynamodb(note, "is gone, or no longer stamped", hint, error);
    }
    program_free(&program);
    buffer_free(&printed);
    return done;
}

bool loaded_store_check(Session *session, const Note *note, const char *hint, Error *error)
{
    return note->in_dynamodb ? check_dynamodb(session, note, hint, error)
                             : check_table(session, note, hint, error);
}
