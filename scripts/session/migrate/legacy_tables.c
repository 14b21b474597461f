/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/legacy_tables.h"

#include "common/base/text.h"
#include "common/pg/lock.h"
#include "common/store/legacy_tree.h"
#include "common/store/write_guard.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* kv-export prints one name per line; names are plain words. */
static bool take_names(Buffer *printed, Words *names, Error *error)
{
    char *line;
    char *rest;

    buffer_string(printed); /* an empty buffer has no data to parse yet */
    line = printed->data == NULL ? NULL : strtok_r((char *)printed->data, "\n", &rest);
    while (line != NULL) {
        if (!words_add(names, line, error)) {
            return false;
        }
        line = strtok_r(NULL, "\n", &rest);
    }
    return true;
}

static bool list_known(Session *session, Error *error)
{
    Words command = {0};
    Buffer printed = {0};
    int status = 0;
    const ChildOptions child = child_options(&command, &session->environment);
    bool done = words_add_format(&command, error, "%s/kv-export", session->programs) &&
                words_add(&command, "--list-tables", error) &&
                child_capture(&child, &printed, &status, error);

    if (done && (status != 0 || !take_names(&printed, &session->legacy.known, error) ||
                 session->legacy.known.count == 0)) {
        done = error_set(error, EXIT_CODE_USAGE, "could not run kv-export");
    }
    words_free(&command);
    buffer_free(&printed);
    return done;
}

bool legacy_tables_append_names(const Words *names, const char *separator, Buffer *text,
                                Error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        if ((i > 0 && !buffer_append_text(text, separator, error)) ||
            !buffer_append_text(text, names->items[i], error)) {
            return false;
        }
    }
    return true;
}

/* The names need no quoting in an array. */
static bool append_array(const Words *names, Buffer *text, Error *error)
{
    return buffer_append_text(text, "{", error) &&
           legacy_tables_append_names(names, ",", text, error) &&
           buffer_append_text(text, "}", error);
}

bool legacy_tables_array(const Session *session, Buffer *text, Error *error)
{
    return append_array(&session->legacy.found, text, error);
}

bool legacy_tables_known_array(Session *session, Buffer *text, Error *error)
{
    return (session->legacy.known.count > 0 || list_known(session, error)) &&
           append_array(&session->legacy.known, text, error);
}

static bool query_found(Session *session, const char *array, Error *error)
{
    const char *parameters[] = {session->schema.name, array};
    PgRows *rows;
    bool done = true;

    if (!pg_query(session->connection,
                  "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
                  " AND c.relname = ANY ($2::text[]) ORDER BY c.relname",
                  2, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = words_add(&session->legacy.found, pg_rows_text(rows, i, 0), error);
    }
    pg_rows_free(rows);
    return done;
}

bool legacy_tables_find(Session *session, Error *error)
{
    Buffer array = {0};
    bool done;

    words_free(&session->legacy.found);
    done = legacy_tables_known_array(session, &array, error) &&
           query_found(session, buffer_string(&array), error);
    buffer_free(&array);
    return done;
}

bool legacy_tables_append(Session *session, Buffer *sql, Error *error)
{
    const Words *names = &session->legacy.found;

    for (size_t i = 0; i < names->count; i++) {
        if ((i > 0 && !buffer_append_text(sql, ", ", error)) ||
            !buffer_append_format(sql, error, "%s.%s", session->schema.quoted, names->items[i])) {
            return false;
        }
    }
    return true;
}

bool legacy_tables_append_missing(const Session *session, Buffer *text, Error *error)
{
    const LegacyTables *legacy = &session->legacy;
    bool done = true;

    for (size_t i = 0; done && i < legacy->known.count; i++) {
        bool found = false;

        for (size_t n = 0; n < legacy->found.count; n++) {
            found |= strcmp(legacy->known.items[i], legacy->found.items[n]) == 0;
        }
        done = found || buffer_append_format(text, error, "%s%s", text->size > 0 ? ", " : "",
                                             legacy->known.items[i]);
    }
    return done;
}

bool legacy_tables_append_drop(Session *session, Buffer *sql, Error *error)
{
    return buffer_append_text(sql, "DROP TABLE ", error) &&
           legacy_tables_append(session, sql, error) && buffer_append_text(sql, "; ", error) &&
           write_guard_append_drop_function(&session->schema, sql, error) &&
           buffer_append_text(sql, ";", error);
}

bool legacy_tables_query(const Session *session, const char *sql, const char *third, PgRows **rows,
                         Error *error)
{
    Buffer array = {0};
    bool done = legacy_tables_array(session, &array, error);

    if (done) {
        const char *parameters[] = {session->schema.name, buffer_string(&array), third};

        done = pg_query(session->connection, sql, third == NULL ? 2 : 3, parameters, rows, error);
    }
    buffer_free(&array);
    return done;
}

bool legacy_tables_query_text(const Session *session, const char *sql, const char *third,
                              char **text, Error *error)
{
    PgRows *rows;
    const char *value;
    bool done;

    *text = NULL;
    if (!legacy_tables_query(session, sql, third, &rows, error)) {
        return false;
    }
    value = pg_rows_text(rows, 0, 0);
    done = text_copy(value == NULL ? "" : value, text, error);
    pg_rows_free(rows);
    return done;
}

/* `modes` is a literal of type text[]. */
static bool find_holders(Session *session, const char *modes, char **holders, Error *error)
{
    return legacy_tables_query_text(
        session,
        LEGACY_TREE
        "SELECT string_agg(DISTINCT " PG_LOCK_HOLDER_TEXT ", ', ')"
        " FROM tree t JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = t.oid"
        " AND l.granted AND l.mode = ANY ($3::text[])"
        " AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
        " AND l.pid IS DISTINCT FROM pg_backend_pid() " PG_LOCK_HOLDER_JOIN
        " WHERE l.pid IS NULL OR a.backend_type = 'client backend' OR a.backend_type IS NULL",
        modes, holders, error);
}

bool legacy_tables_writers(Session *session, char **writers, Error *error)
{
    return find_holders(session,
                        "{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,"
                        "ExclusiveLock,AccessExclusiveLock}",
                        writers, error);
}

bool legacy_tables_readers(Session *session, char **readers, Error *error)
{
    return find_holders(session, "{AccessShareLock,RowShareLock,ShareLock}", readers, error);
}

/* Names the sessions that hold locks.  Only called after locking has failed. */
static bool refuse_busy(Session *session, Error *error)
{
    Error cause = *error;
    Error ignored;
    char *writers = NULL;

    legacy_tables_writers(session, &writers, &ignored);
    error_set(error, EXIT_CODE_REFUSED, "another session is writing the legacy tables");
    if (writers != NULL && writers[0] != '\0') {
        error_detail(error, "By %s.\n%s", writers, cause.message);
    } else {
        error_detail(error, "%s", cause.message);
    }
    free(writers);
    return error_hint(
        error, "Stop lakeFS, or end these sessions (a prepared transaction by "
               "ROLLBACK PREPARED), then run again; --lock-wait-timeout sets how long to wait.");
}

bool legacy_tables_lock(Session *session, Error *error)
{
    Buffer sql = {0};
    bool failed = false;
    bool done;

    if (session->legacy.found.count == 0) {
        return true;
    }
    done = buffer_append_text(&sql, "LOCK TABLE ", error) &&
           legacy_tables_append(session, &sql, error) &&
           buffer_append_text(&sql, " IN SHARE MODE", error) &&
           session_try(session, buffer_string(&sql), &failed, error);
    buffer_free(&sql);
    if (done && failed) {
        done = pg_lock_timed_out(session->connection) && refuse_busy(session, error);
    }
    return done && !failed;
}
