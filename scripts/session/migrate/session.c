/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/session.h"

#include "common/cli/message.h"
#include "common/pg/conninfo.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "scripts/session/migrate/store_database.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool session_execute(Session *session, Error *error, const char *format, ...)
{
    Buffer sql = {0};
    va_list arguments;
    bool done;

    va_start(arguments, format);
    done = buffer_append_vformat(&sql, error, format, arguments);
    va_end(arguments);
    done = done && pg_execute(session->connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

bool session_query_text(Session *session, const char *sql, int parameter_count,
                        const char *const *parameters, char **text, Error *error)
{
    PgRows *rows;
    const char *value;

    *text = NULL;
    if (!pg_query(session->connection, sql, parameter_count, parameters, &rows, error)) {
        return false;
    }
    value = pg_rows_count(rows) > 0 ? pg_rows_text(rows, 0, 0) : NULL;
    *text = strdup(value == NULL ? "" : value);
    pg_rows_free(rows);
    return *text != NULL || error_out_of_memory(error);
}

bool session_try(Session *session, const char *sql, bool *failed, Error *error)
{
    Error ignored;

    *failed = false;
    if (!pg_execute(session->connection, "SAVEPOINT try", NULL, error)) {
        return false;
    }
    *failed = !pg_execute(session->connection, sql, NULL, error);
    return !*failed ||
           (!pg_is_lost(session->connection) &&
            pg_execute(session->connection, "ROLLBACK TO SAVEPOINT try", NULL, &ignored));
}

bool session_is_lost(const Session *session)
{
    return session->connection == NULL || pg_is_lost(session->connection);
}

/* Makes the programs connect to this session's database. */
static bool pin_database(Session *session, Error *error)
{
    Buffer pairs = {0};
    const char *connection = session->options->connection;
    bool done = buffer_append_text(&pairs, connection, error) &&
                pg_conninfo_append(&pairs, "dbname", pg_database_name(session->connection), error);

    session->database_pairs = buffer_take(&pairs, error);
    return done && session->database_pairs != NULL;
}

static bool set_environment(Session *session, Error *error)
{
    const char *password =
        session->pg.password != NULL ? session->pg.password : session->options->password;

    return lakefs_settings_secret_variables(&session->environment, error) &&
           words_add(&session->environment, PASSWORD_VARIABLE, error) &&
           (password == NULL ||
            words_add_format(&session->environment, error, "PGPASSWORD=%s", password)) &&
           /* Shown in pg_stat_activity to those who wait for the lock. */
           (getenv("PGAPPNAME") != NULL ||
            words_add(&session->environment, "PGAPPNAME=kv-migrate", error));
}

/* Adds to a failure to connect that nobody has said where, as where a Secret lacks its key.  Always
 * returns false. */
static bool tell_of_defaults(const MigrateOptions *options, Error *error)
{
    if (error->code == EXIT_CODE_CONNECTION && error->hint[0] == '\0' &&
        options->connection[0] == '\0' && !lakefs_settings_variables_name_database()) {
        error_hint(error,
                   "Neither options, lakeFS's configuration nor variables name a database, so "
                   "the defaults of libpq were tried: give one with --dbname.");
    }
    return false;
}

static bool connect(Session *session, Error *error)
{
    const MigrateOptions *options = session->options;

    session->pg = options->common.pg;
    session->pg.host = NULL;
    session->pg.port = NULL;
    session->pg.user = NULL;
    session->pg.dbname = options->connection[0] == '\0' ? NULL : options->connection;
    session->pg.password = options->password == NULL ? NULL : strdup(options->password);
    if (options->password != NULL && session->pg.password == NULL) {
        return error_out_of_memory(error);
    }
    if (!pg_connect(&session->pg, &session->connection, error)) {
        return tell_of_defaults(options, error);
    }
    return pin_database(session, error) && set_environment(session, error);
}

/* A command that writes, or waits for writers, cannot run on a standby. */
static bool refuse_standby(Session *session, Error *error)
{
    return pg_begin(session->connection, PG_READ_LATEST, 0, error) &&
           pg_refuse_standby(session->connection, error) && pg_commit(session->connection, error);
}

bool session_open(Session *session, MigrateOptions *options, const char *programs, PgAccess access,
                  int lock_timeout_ms, Error *error)
{
    session->options = options;
    session->programs = programs;
    return migrations_find(&session->migrations, options->migrations, error) &&
           connect(session, error) &&
           (access == PG_READ_SNAPSHOT || refuse_standby(session, error)) &&
           pg_schema_find(session->connection, options->common.schema, &session->schema, error) &&
           pg_begin(session->connection, access, lock_timeout_ms, error) &&
           session_query_text(session, "SELECT pg_backend_pid()", 0, NULL, &session->backend,
                              error) &&
           store_database_check(session, error);
}

bool session_open_locked(Session *session, MigrateOptions *options, const char *programs,
                         PgAccess access, Error *error)
{
    return session_open(session, options, programs, access, options->common.lock_wait_timeout_ms,
                        error) &&
           pg_lock_acquire(session->connection, &session->schema, error) &&
           session_read_version(session, error);
}

bool session_has_relation(Session *session, const char *name, bool *found, Error *error)
{
    const char *parameters[] = {session->schema.name, name};
    PgRows *rows;

    if (!pg_query(session->connection,
                  "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND c.relname = $2",
                  2, parameters, &rows, error)) {
        return false;
    }
    *found = pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    return true;
}

bool session_read_version(Session *session, Error *error)
{
    const char *parameters[] = {session->schema.name};
    char *found = NULL;
    bool done;

    session->has_version = false;
    session->dirty = false;
    /* Another migrator may have created the table while this one waited for the lock. */
    done = session_query_text(
        session,
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = 'schema_migrations' AND c.relkind IN ('r', 'p'))",
        1, parameters, &found, error);
    session->schema.has_migrations = done && strcmp(found, "t") == 0;
    free(found);
    return done &&
           (!session->schema.has_migrations ||
            pg_schema_find_version(session->connection, &session->schema, &session->has_version,
                                   &session->version, &session->dirty, error));
}

static bool refuse_dirty(const Session *session, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "schema version %" PRId64 " is dirty", session->version);
    error_detail(error, "A schema migration was interrupted.");
    return error_hint(error,
                      "Repair the schema by hand, then set the version that it is at: UPDATE "
                      "%s.schema_migrations SET version = N, dirty = false",
                      session->schema.quoted);
}

static bool refuse_store(Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the database holds a table kv and no schema_migrations: it is a KV store, not a "
              "legacy lakeFS database");
    return error_hint(error, "Connect to lakeFS's legacy database, or name its schema with "
                             "--schema; a KV store needs no migration.");
}

bool session_check_version(Session *session, Error *error)
{
    int64_t kv = migrations_kv(&session->migrations);
    bool has_kv = false;

    if (session->dirty) {
        return refuse_dirty(session, error);
    }
    if (!session->has_version) {
        return session_has_relation(session, "kv", &has_kv, error) &&
               (!has_kv || refuse_store(error));
    }
    if (session->version > kv) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the database is at version %" PRId64
                  ", beyond the KV migration version %" PRId64,
                  session->version, kv);
        return error_hint(error, "It belongs to a newer lakeFS: use that lakeFS's own migrate "
                                 "command.");
    }
    if (session->version < kv && !migrations_has(&session->migrations, session->version)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "there is no migration for the database's schema version %" PRId64 " in \"%s\"",
                  session->version, session->options->migrations);
        return error_hint(error,
                          "Migrations begin at %" PRId64 ": upgrade lakeFS first, or name lakeFS's "
                          "own folder with --migrations.",
                          session->migrations.items[0].number);
    }
    return true;
}

bool session_is_at_kv_version(const Session *session)
{
    return session->has_version && session->version == migrations_kv(&session->migrations);
}

void session_close(Session *session)
{
    pg_close(session->connection);
    pg_schema_free(&session->schema);
    migrations_free(&session->migrations);
    words_free(&session->legacy.known);
    words_free(&session->legacy.found);
    words_free(&session->environment);
    free(session->backend);
    free(session->database_pairs);
    if (session->pg.password != NULL) {
        explicit_bzero(session->pg.password, strlen(session->pg.password));
        free(session->pg.password);
    }
    *session = (Session){0};
}
