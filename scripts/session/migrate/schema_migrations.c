/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/schema_migrations.h"

#include "common/cli/message.h"
#include "common/pg/lock.h"
#include "common/pg/settings.h"
#include "common/store/owner.h"
#include "common/store/write_guard.h"
#include "scripts/session/migrate/sql_statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t schema_migrations_first(const Session *session)
{
    const Migrations *migrations = &session->migrations;
    size_t first = 0;

    while (session->has_version && first < migrations->count &&
           migrations->items[first].number <= session->version) {
        first++;
    }
    return first;
}

/* What is known before a migration runs. */
typedef struct Before {
    Owner owner;   /* of what it makes */
    char *objects; /* see owner_list; owned */
} Before;

/* Puts lakeFS's schema first in the search_path, for the transaction (`local`) or the session.  The
 * query runs under the user's search_path, so it qualifies every name. */
static bool set_search_path(const Session *session, PgConnection *connection, bool local,
                            Error *error)
{
    const char *parameters[] = {session->schema.quoted, local ? "true" : "false"};
    PgRows *rows;

    if (!pg_query(connection,
                  "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ',"
                  " $1::pg_catalog.text, CASE WHEN pg_catalog.current_setting('search_path')"
                  " OPERATOR(pg_catalog.<>) '' THEN pg_catalog.current_setting('search_path') END),"
                  " $2::pg_catalog.bool)",
                  2, parameters, &rows, error)) {
        return false;
    }
    pg_rows_free(rows);
    return true;
}

/* Begins a transaction with the user's own values of the settings a migration may depend on. */
static bool begin(const Session *session, PgConnection *connection, Error *error)
{
    static const char *const SETTINGS[] = {
        "DateStyle",  "TimeZone", "jit", "max_parallel_workers_per_gather", "synchronize_seqscans",
        "search_path"};

    return pg_begin(connection, PG_READ_WRITE, session->options->common.lock_wait_timeout_ms,
                    error) &&
           pg_settings_restore(connection, SETTINGS, sizeof SETTINGS / sizeof SETTINGS[0], error) &&
           set_search_path(session, connection, true, error);
}

static bool set_version(const Session *session, PgConnection *connection, int64_t version,
                        bool dirty, Error *error)
{
    char statement[256];
    Buffer sql = {0};
    bool done;

    snprintf(statement, sizeof statement, "%" PRId64 ", %s", version, dirty ? "true" : "false");
    done = buffer_append_format(&sql, error,
                                "DELETE FROM %s.schema_migrations; INSERT INTO"
                                " %s.schema_migrations (version, dirty) VALUES (%s)",
                                session->schema.quoted, session->schema.quoted, statement) &&
           pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

static bool set_version_alone(const Session *session, PgConnection *connection, int64_t version,
                              bool dirty, Error *error)
{
    return begin(session, connection, error) &&
           set_version(session, connection, version, dirty, error) && pg_commit(connection, error);
}

/* Gives what a migration has made to the legacy tables' owner, after it has run: as that owner it
 * could not do what only the role itself may, such as creating an extension. */
static bool give_away(const Session *session, PgConnection *connection, const Before *before,
                      Error *error)
{
    return pg_execute(connection, "SET LOCAL search_path = ''", NULL, error) &&
           owner_give_new(connection, &session->schema, &before->owner, before->objects, error);
}

static bool give_away_alone(const Session *session, PgConnection *connection, const Before *before,
                            Error *error)
{
    return pg_begin(connection, PG_READ_WRITE, session->options->common.lock_wait_timeout_ms,
                    error) &&
           give_away(session, connection, before, error) && pg_commit(connection, error);
}

static bool run_in_transaction(const Session *session, PgConnection *connection, const char *sql,
                               const Before *before, int64_t number, Error *error)
{
    return begin(session, connection, error) && pg_execute(connection, sql, NULL, error) &&
           give_away(session, connection, before, error) &&
           set_version(session, connection, number, false, error) && pg_commit(connection, error);
}

/* Session-wide settings for a file that controls transactions itself; see pg_begin. */
static bool set_session(const Session *session, PgConnection *connection, Error *error)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
             " SET lock_timeout = %d; SET client_min_messages = 'warning';"
             " SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
             " SET row_security = off; SET default_transaction_read_only = off%s",
             session->options->common.lock_wait_timeout_ms,
             pg_server_version(connection) >= 170000 ? "; SET transaction_timeout = 0" : "");
    return pg_settings_apply(connection, error) && pg_execute(connection, sql, NULL, error) &&
           set_search_path(session, connection, false, error);
}

static bool run_alone(const Session *session, PgConnection *connection, const char *sql,
                      const Before *before, int64_t number, Buffer *failure, Error *error)
{
    Error ignored;
    PgConnection *own = NULL;
    bool done;

    /* Session-wide settings need a connection of their own. */
    done = set_version_alone(session, connection, number, true, error) &&
           pg_connect_again(&session->pg, &own, error) && set_session(session, own, error) &&
           pg_execute(own, sql, NULL, error) &&
           give_away_alone(session, connection, before, error) &&
           set_version_alone(session, connection, number, false, error);
    if (own != NULL && !done) {
        buffer_append_text(failure, pg_failure_text(own), &ignored);
    }
    pg_close(own);
    return done;
}

/* Reports which migration has failed; the error holds the server's text. */
static bool failed(const Session *session, PgConnection *connection, const Migration *migration,
                   const char *server_text, const char *outcome, Error *error)
{
    Error cause = *error;
    bool timed_out = cause.code == EXIT_CODE_REFUSED;
    const char *why = server_text[0] != '\0'    ? server_text
                      : cause.detail[0] != '\0' ? cause.detail
                                                : cause.message;
    size_t size = strlen(why);

    while (size > 0 && why[size - 1] == '\n') {
        size--;
    }
    if (cause.code == EXIT_CODE_CONNECTION) {
        error_set(error, cause.code,
                  "the connection to the database was lost in schema migration %s",
                  migration->name);
    } else if (timed_out) {
        error_set(error, EXIT_CODE_REFUSED,
                  "schema migration %s waited too long for a lock of another session",
                  migration->name);
        error_hint(error,
                   "Stop lakeFS, then run again; --lock-wait-timeout sets how long to wait.");
    } else {
        error_set(error, cause.code, "schema migration %s failed", migration->name);
        error_hint(error, "Fix the cause, then run again.");
    }
    error_detail(error, "%.*s\n%s", (int)size, why, outcome);
    if (timed_out) {
        pg_rollback(connection);
        if (pg_begin(connection, PG_READ_LATEST, 0, &cause)) {
            pg_lock_name_holders(connection, &session->schema, error);
        }
    }
    return false;
}

static bool look_before(const Session *session, PgConnection *connection, Before *before,
                        Error *error)
{
    return pg_begin(connection, PG_READ_LATEST, 0, error) &&
           owner_find(connection, &session->schema, NULL, &before->owner, error) &&
           owner_list(connection, &session->schema, &before->objects, error) &&
           pg_commit(connection, error);
}

static void free_before(Before *before)
{
    owner_free(&before->owner);
    free(before->objects);
}

static bool run(Session *session, PgConnection *connection, const Migration *migration,
                const Before *before, Error *error)
{
    char *sql = migration_read(migration, error);
    Buffer failure = {0}; /* the server's text */
    char outcome[160] = "It was rolled back; the migrations before it are done.";
    Error ignored;
    bool done;

    if (sql == NULL) {
        return false;
    }
    message_info("schema migration %s", migration->name);
    if (sql_controls_transactions(sql)) {
        snprintf(outcome, sizeof outcome,
                 "Schema version %" PRId64 " is dirty now: the file controls transactions itself, "
                 "so part of it may have been done.",
                 migration->number);
        done = run_alone(session, connection, sql, before, migration->number, &failure, error);
    } else {
        done = run_in_transaction(session, connection, sql, before, migration->number, error);
        buffer_append_text(&failure, done ? "" : pg_failure_text(connection), &ignored);
    }
    free(sql);
    if (done) {
        session->has_version = true;
        session->version = migration->number;
    } else {
        failed(session, connection, migration, buffer_string(&failure), outcome, error);
    }
    buffer_free(&failure);
    return done;
}

static bool run_migration(Session *session, PgConnection *connection, const Migration *migration,
                          Error *error)
{
    Before before = {0};
    bool done = look_before(session, connection, &before, error) &&
                run(session, connection, migration, &before, error);

    free_before(&before);
    return done;
}

static bool make_table(const Session *session, PgConnection *connection, const Before *before,
                       Error *error)
{
    Buffer sql = {0};
    bool done =
        buffer_append_format(&sql, error,
                             "CREATE TABLE %s.schema_migrations"
                             " (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
                             session->schema.quoted) &&
        begin(session, connection, error) &&
        pg_execute(connection, buffer_string(&sql), NULL, error) &&
        give_away(session, connection, before, error) && pg_commit(connection, error);

    buffer_free(&sql);
    return done;
}

static bool create_table(Session *session, PgConnection *connection, Error *error)
{
    Before before = {0};
    bool done = look_before(session, connection, &before, error) &&
                make_table(session, connection, &before, error);

    free_before(&before);
    session->schema.has_migrations = done;
    return done;
}

/* Tables that were kept, then taken back by a version that somebody set, still refuse the writes of
 * migrations. */
static bool allow_writes(const Session *session, PgConnection *connection, Error *error)
{
    WriteGuardCounts counts;

    return pg_begin(connection, PG_READ_WRITE, session->options->common.lock_wait_timeout_ms,
                    error) &&
           write_guard_count(connection, &session->schema, &counts, error) &&
           (counts.guarded == 0 || write_guard_drop(connection, &session->schema, error)) &&
           pg_commit(connection, error);
}

bool schema_migrations_check_owner(Session *session, Error *error)
{
    Owner owner = {0};
    bool done = (schema_migrations_first(session) == session->migrations.count &&
                 session->schema.has_migrations) ||
                (owner_find(session->connection, &session->schema, NULL, &owner, error) &&
                 owner_check(session->connection, &session->schema, &owner, error));

    owner_free(&owner);
    return done;
}

bool schema_migrations_run(Session *session, Error *error)
{
    const Migrations *migrations = &session->migrations;
    size_t first = schema_migrations_first(session);
    PgConnection *connection = NULL;
    bool done = true;

    if (first == migrations->count && session->schema.has_migrations) {
        return true;
    }
    done = pg_connect_again(&session->pg, &connection, error) &&
           (session->schema.has_migrations || create_table(session, connection, error)) &&
           (first == migrations->count || allow_writes(session, connection, error));
    for (size_t i = first; done && i < migrations->count; i++) {
        done = run_migration(session, connection, &migrations->items[i], error);
    }
    pg_close(connection);
    return done;
}
