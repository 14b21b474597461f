/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/ddl_trial.h"

#include <string.h>

#define NAME "kv_migrate_trial"

/* The columns of list_triggers. */
enum { TRIGGER_NAME, TRIGGER_QUOTED, FUNCTION, FUNCTION_SCHEMA };

static bool list_triggers(const Session *session, PgRows **rows, Error *error)
{
    /* With the empty search_path a function's name is written as in the server's contexts. */
    return pg_query(session->connection,
                    "SELECT e.evtname, quote_ident(e.evtname), p.oid::regprocedure,"
                    " quote_ident(n.nspname) FROM pg_event_trigger e"
                    " JOIN pg_proc p ON p.oid = e.evtfoid"
                    " JOIN pg_namespace n ON n.oid = p.pronamespace"
                    " WHERE e.evtenabled IN ('O', 'A') AND e.evtevent IN ('ddl_command_start',"
                    "  'ddl_command_end', 'sql_drop', 'table_rewrite') ORDER BY e.evtname",
                    0, NULL, rows, error);
}

/* A statement for each command tag of a migration.  It needs no right but CREATE. */
static bool append_statements(const char *schema, Buffer *sql, Error *error)
{
    return buffer_append_format(
        sql, error,
        "SET LOCAL client_min_messages = 'error';"
        "CREATE TABLE %1$s." NAME " (a bytea NOT NULL);"
        "ALTER TABLE %1$s." NAME " ADD PRIMARY KEY (a);"
        "COMMENT ON TABLE %1$s." NAME " IS 'kv-migrate tries event triggers';"
        "CREATE VIEW %1$s." NAME "_v AS SELECT a FROM %1$s." NAME ";"
        "CREATE FUNCTION %1$s." NAME "() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        "CREATE TRIGGER " NAME " BEFORE UPDATE ON %1$s." NAME
        " FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();"
        "DROP FUNCTION %1$s." NAME "();"
        "DROP VIEW %1$s." NAME "_v;"
        "DROP TABLE %1$s." NAME ";",
        schema);
}

/* The trigger whose function the server's message tells as the place of the failure; -1: unknown.
 */
static int find_failed(const PgRows *triggers, const char *text)
{
    for (int i = 0; i < pg_rows_count(triggers); i++) {
        const char *function = pg_rows_text(triggers, i, FUNCTION);

        for (const char *found = strstr(text, function); found != NULL;
             found = strstr(found + 1, function)) {
            if (found == text || found[-1] == ' ') {
                return i;
            }
        }
    }
    return pg_rows_count(triggers) == 1 ? 0 : -1;
}

/* undefined_table, undefined_function, undefined_object, invalid_schema_name */
static bool is_missing_name(const char *state)
{
    static const char *const STATES[] = {"42P01", "42883", "42704", "3F000"};

    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        if (strcmp(state, STATES[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void describe_failure(const PgRows *triggers, int failed, const PgConnection *connection,
                             const Error *cause, Error *problem)
{
    static const char WHEN[] = "when a migration creates or drops tables";

    if (failed < 0) {
        error_set(problem, EXIT_CODE_FAILED, "an event trigger of the database fails %s: %s", WHEN,
                  cause->message);
        error_detail(problem, "%s", cause->detail);
        error_hint(problem,
                   "%s%sDisable the event triggers (psql shows them with \\dy) for the "
                   "migration.",
                   cause->hint, cause->hint[0] == '\0' ? "" : " ");
        return;
    }
    error_set(problem, EXIT_CODE_FAILED, "event trigger \"%s\" (function %s) fails %s: %s",
              pg_rows_text(triggers, failed, TRIGGER_NAME),
              pg_rows_text(triggers, failed, FUNCTION), WHEN, cause->message);
    error_detail(problem, "%s", cause->detail);
    if (is_missing_name(pg_sqlstate(connection))) {
        error_hint(problem,
                   "All programs work with an empty search_path, in which the function does not "
                   "find its objects: ALTER FUNCTION %s SET search_path = %s; or disable the "
                   "trigger for the migration: ALTER EVENT TRIGGER %s DISABLE",
                   pg_rows_text(triggers, failed, FUNCTION),
                   pg_rows_text(triggers, failed, FUNCTION_SCHEMA),
                   pg_rows_text(triggers, failed, TRIGGER_QUOTED));
    } else {
        error_hint(problem, "%s%sDisable it for the migration: ALTER EVENT TRIGGER %s DISABLE",
                   cause->hint, cause->hint[0] == '\0' ? "" : " ",
                   pg_rows_text(triggers, failed, TRIGGER_QUOTED));
    }
}

static bool try_statements(const Session *session, const PgRows *triggers, bool *passed,
                           Error *problem, Error *error)
{
    PgConnection *connection = NULL;
    Buffer sql = {0};
    Error cause;
    bool done =
        append_statements(session->schema.quoted, &sql, error) &&
        pg_connect_again(&session->pg, &connection, error) &&
        pg_begin(connection, PG_READ_WRITE, session->options->common.lock_wait_timeout_ms, error);

    if (done) {
        *passed = pg_execute(connection, buffer_string(&sql), NULL, &cause);
        if (!*passed) {
            describe_failure(triggers, find_failed(triggers, pg_failure_text(connection)),
                             connection, &cause, problem);
        }
        pg_rollback(connection);
    }
    pg_close(connection);
    buffer_free(&sql);
    return done;
}

bool ddl_trial(const Session *session, bool *passed, Error *problem, Error *error)
{
    PgRows *triggers;
    bool done;

    *passed = true;
    if (!list_triggers(session, &triggers, error)) {
        return false;
    }
    done =
        pg_rows_count(triggers) == 0 || try_statements(session, triggers, passed, problem, error);
    pg_rows_free(triggers);
    return done;
}
