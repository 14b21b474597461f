/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/checks.h"

#include "common/cli/message.h"
#include "common/dump/output.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool checks_init(Checks *checks, Session *session, size_t pending, Error *error)
{
    Buffer array = {0};
    bool done;

    *checks = (Checks){.session = session, .pending = pending, .code = EXIT_CODE_DONE};
    done = legacy_tables_array(session, &array, error) &&
           session_query_text(session, "SELECT current_user", 0, NULL, &checks->role, error) &&
           session_query_text(session, "SELECT quote_ident(current_user)", 0, NULL,
                              &checks->role_quoted, error);
    checks->array = buffer_take(&array, error);
    return done && checks->array != NULL;
}

void checks_free(Checks *checks)
{
    free(checks->role);
    free(checks->role_quoted);
    free(checks->array);
}

void checks_problem(Checks *checks, const Error *problem)
{
    checks->problems++;
    checks->code = checks->code == EXIT_CODE_DONE ? problem->code : checks->code;
    message_error(problem);
}

void checks_child_problem(Checks *checks, int status)
{
    checks->problems++;
    checks->code = checks->code == EXIT_CODE_DONE ? program_failure_code(status) : checks->code;
}

/* Runs a query that begins with LEGACY_TREE_SQL. */
static bool query_tree(Checks *checks, const char *query, char **text, Error *error)
{
    const char *parameters[] = {checks->session->schema.name, checks->array};
    Buffer sql = {0};
    bool done =
        buffer_append_text(&sql, LEGACY_TREE_SQL, error) &&
        buffer_append_text(&sql, query, error) &&
        session_query_text(checks->session, buffer_string(&sql), 2, parameters, text, error);

    buffer_free(&sql);
    return done;
}

/* Lists the legacy tables for which the condition holds for some relation of their tree, separated
 * by commas. */
static bool list_tables(Checks *checks, const char *condition, char **names, Error *error)
{
    char query[1024];

    snprintf(
        query, sizeof query,
        "SELECT string_agg(DISTINCT t.relname::text, ', ' ORDER BY t.relname::text) FROM tree t"
        " JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE %s",
        condition);
    return query_tree(checks, query, names, error);
}

/* Reports a problem if the condition holds for any legacy table. */
static bool check_tables(Checks *checks, ExitCode code, const char *condition, const char *text,
                         const char *hint, Error *error)
{
    char *names = NULL;
    Error problem;

    if (!list_tables(checks, condition, &names, error)) {
        return false;
    }
    if (names[0] != '\0') {
        error_set(&problem, code, "role \"%s\" %s", checks->role, text);
        error_detail(&problem, "Tables: %s.", names);
        error_hint(&problem, "%s", hint);
        checks_problem(checks, &problem);
    }
    free(names);
    return true;
}

/* Runs a query that returns whether a privilege is held; it takes one parameter or two. */
static bool has_right(Checks *checks, const char *sql, int count, const char *const *parameters,
                      bool *has, Error *error)
{
    char *answer = NULL;

    if (!session_query_text(checks->session, sql, count, parameters, &answer, error)) {
        return false;
    }
    *has = strcmp(answer, "t") == 0;
    free(answer);
    return true;
}

static bool check_schema_migrations(Checks *checks, const char *privilege, Error *error)
{
    const Session *session = checks->session;
    const char *parameters[] = {session->schema.name, privilege};
    Error problem;
    bool has = true;

    if (!session->schema.has_migrations) {
        return true;
    }
    if (!has_right(checks,
                   "SELECT has_table_privilege(c.oid, $2) FROM pg_class c"
                   " JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE n.nspname = $1 AND c.relname = 'schema_migrations'",
                   2, parameters, &has, error)) {
        return false;
    }
    if (!has) {
        error_set(&problem, EXIT_CODE_FAILED,
                  "role \"%s\" lacks the privilege %s on table schema_migrations", checks->role,
                  privilege);
        error_hint(&problem, "Run as its owner, or: GRANT %s ON %s.schema_migrations TO %s",
                   privilege, session->schema.quoted, checks->role_quoted);
        checks_problem(checks, &problem);
    }
    return true;
}

bool checks_create(Checks *checks, Error *error)
{
    const Session *session = checks->session;
    const char *parameters[] = {session->schema.name};
    Error problem;
    bool has;

    if (!has_right(checks, "SELECT has_schema_privilege($1, 'CREATE')", 1, parameters, &has,
                   error)) {
        return false;
    }
    if (!has) {
        error_set(&problem, EXIT_CODE_FAILED, "role \"%s\" cannot create tables in schema \"%s\"",
                  checks->role, session->schema.name);
        error_hint(&problem, "GRANT CREATE ON SCHEMA %s TO %s", session->schema.quoted,
                   checks->role_quoted);
        checks_problem(checks, &problem);
    }
    return true;
}

bool checks_migrations(Checks *checks, Error *error)
{
    return checks->pending == 0 ||
           (checks_create(checks, error) && check_schema_migrations(checks, "INSERT", error) &&
            check_schema_migrations(checks, "DELETE", error) &&
            check_tables(checks, EXIT_CODE_FAILED,
                         "c.oid = t.root AND NOT pg_has_role(c.relowner, 'USAGE')",
                         "does not own tables that schema migrations alter",
                         "Run as their owner, or make the role a member of the owner.", error));
}

bool checks_export_rights(Checks *checks, bool *passed, Error *error)
{
    size_t before = checks->problems;
    bool done =
        check_tables(
            checks, EXIT_CODE_FAILED,
            "c.oid = t.root AND NOT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')",
            "cannot lock legacy tables against writers", "Run as their owner, or grant UPDATE.",
            error) &&
        check_tables(checks, EXIT_CODE_FAILED, "NOT has_table_privilege(c.oid, 'SELECT')",
                     "cannot read legacy tables",
                     "Run as their owner, or grant SELECT, also on their partitions.", error) &&
        check_tables(checks, EXIT_CODE_REFUSED, "row_security_active(c.oid)",
                     "would not see all rows of legacy tables, which have row security",
                     "Run as their owner, or as a role that bypasses it.", error);

    *passed = checks->problems == before;
    return done;
}

bool checks_kv_owner(Checks *checks, Error *error)
{
    const char *parameters[] = {checks->session->schema.name};
    Error problem;
    bool there = false;
    bool has = true;

    if (!session_has_relation(checks->session, "kv", &there, error)) {
        return false;
    }
    /* DROP TABLE is also allowed to the schema's owner. */
    if (there && !has_right(checks,
                            "SELECT pg_has_role(c.relowner, 'USAGE') OR"
                            " pg_has_role(n.nspowner, 'USAGE') FROM pg_class c"
                            " JOIN pg_namespace n ON n.oid = c.relnamespace"
                            " WHERE n.nspname = $1 AND c.relname = 'kv'",
                            1, parameters, &has, error)) {
        return false;
    }
    if (!has) {
        error_set(&problem, EXIT_CODE_FAILED,
                  "role \"%s\" cannot replace the table kv, which it does not own", checks->role);
        error_hint(&problem, "Run as its owner.");
        checks_problem(checks, &problem);
    }
    return true;
}

bool checks_stamp(Checks *checks, Error *error)
{
    return check_schema_migrations(checks, "SELECT", error) &&
           check_schema_migrations(checks, "UPDATE", error);
}

/* The language of the triggers' function. */
static bool check_language(Checks *checks, Error *error)
{
    Error problem;
    bool has = false;

    if (!has_right(checks,
                   "SELECT coalesce(bool_or(has_language_privilege(oid, 'USAGE')), false)"
                   " FROM pg_language WHERE lanname = 'plpgsql'",
                   0, NULL, &has, error)) {
        return false;
    }
    if (!has) {
        error_set(
            &problem, EXIT_CODE_FAILED,
            "role \"%s\" may not use the language plpgsql, by which kept legacy tables refuse "
            "writes",
            checks->role);
        error_hint(&problem, "CREATE EXTENSION plpgsql, or GRANT USAGE ON LANGUAGE plpgsql TO %s",
                   checks->role_quoted);
        checks_problem(checks, &problem);
    }
    return true;
}

bool checks_guard(Checks *checks, Error *error)
{
    return check_tables(checks, EXIT_CODE_FAILED,
                        "c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, 'TRIGGER')",
                        "may not make kept legacy tables refuse writes",
                        "Run as their owner, or grant the right TRIGGER, on their partitions, too.",
                        error) &&
           check_language(checks, error);
}

/* An object goes with a table when it depends on it automatically or internally; a normal
 * dependency holds it. */
static bool find_dependents(Checks *checks, char **objects, Error *error)
{
    static const char QUERY[] =
        ", gone AS (SELECT 'pg_class'::regclass::oid AS classid, t.root AS objid FROM tree t"
        " UNION SELECT d.classid, d.objid FROM pg_depend d"
        " JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid"
        " WHERE d.deptype IN ('a', 'i', 'P', 'S'))"
        " SELECT string_agg(DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass"
        "  THEN (SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0)"
        "   FROM pg_rewrite r WHERE r.oid = d.objid)"
        "  ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END, ', ')"
        " FROM pg_depend d JOIN gone g ON d.refclassid = g.classid AND d.refobjid = g.objid"
        " WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM gone x WHERE x.classid = d.classid"
        "  AND x.objid = d.objid)";

    return query_tree(checks, QUERY, objects, error);
}

bool checks_cleanup(Checks *checks, Error *error)
{
    char *objects = NULL;
    Error problem;

    if (!check_tables(checks, EXIT_CODE_CLEANUP,
                      "c.oid = t.root AND NOT pg_has_role(c.relowner, 'USAGE')"
                      " AND NOT pg_has_role(n.nspowner, 'USAGE')",
                      "cannot drop legacy tables",
                      "Run as their owner, or make the role a member of the owner; --keep-tables "
                      "leaves them.",
                      error) ||
        !find_dependents(checks, &objects, error)) {
        return false;
    }
    if (objects[0] != '\0') {
        error_set(&problem, EXIT_CODE_CLEANUP,
                  "the legacy tables could not be dropped: other objects depend on them");
        error_detail(&problem, "Objects: %s.", objects);
        error_hint(&problem, "Drop them first, or keep the legacy tables with --keep-tables.");
        checks_problem(checks, &problem);
    }
    free(objects);
    return true;
}

bool checks_free_bytes(const Session *session, uint64_t *bytes)
{
    char *folder;
    struct statvfs status;
    Error ignored;
    bool found = dump_output_folder(session->options->dump, &folder, &ignored) && folder != NULL &&
                 statvfs(folder, &status) == 0;

    free(folder);
    if (found) {
        *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    }
    return found;
}

static void warn_of_room(Checks *checks)
{
    char needed[REPORT_SIZE_TEXT];
    char there[REPORT_SIZE_TEXT];
    uint64_t bytes;
    Error warning;

    if (checks->session->options->dump == NULL || !checks_free_bytes(checks->session, &bytes) ||
        bytes >= checks->dump_bytes) {
        return;
    }
    report_size(checks->dump_bytes, needed);
    report_size(bytes, there);
    error_set(&warning, EXIT_CODE_DONE, "the dump is likely not to fit");
    error_detail(&warning, "It needs about %s; only %s are free.", needed, there);
    error_hint(&warning, "Choose another folder, or a higher level with --compress.");
    message_warning_error(&warning);
}

bool checks_circumstances(Checks *checks, Error *error)
{
    char *writers = NULL;
    Error warning;

    if (!legacy_tables_writers(checks->session, &writers, error)) {
        return false;
    }
    if (writers[0] != '\0') {
        error_set(&warning, EXIT_CODE_DONE, "legacy tables are being written to now");
        error_detail(&warning, "By %s.", writers);
        error_hint(&warning, "Stop lakeFS before the migration.");
        message_warning_error(&warning);
    }
    free(writers);
    warn_of_room(checks);
    return true;
}

static bool has_force(const MigrateOptions *options)
{
    for (size_t i = 0; i < options->export_options.count; i++) {
        if (strcmp(options->export_options.items[i], "--force") == 0) {
            return true;
        }
    }
    return false;
}

void checks_dump_file(Checks *checks)
{
    const MigrateOptions *options = checks->session->options;
    Error problem = {0};

    if (options->dump != NULL && !dump_output_check(options->dump, has_force(options), &problem)) {
        checks_problem(checks, &problem);
    }
}
