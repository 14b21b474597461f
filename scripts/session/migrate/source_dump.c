/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/source_dump.h"

#include "common/pg/pgx.h"
#include "common/store/legacy_tree.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/legacy_tables.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The tables with their partitions and children, and schema_migrations; the conditions and columns
 * follow. */
#define TABLES                                                                                     \
    LEGACY_TREE ", all_tables AS (SELECT oid FROM tree UNION SELECT c.oid FROM pg_class c"         \
                " JOIN pg_namespace n ON n.oid = c.relnamespace"                                   \
                " WHERE n.nspname = $1 AND c.relname = 'schema_migrations')"

static bool check_rights(Session *session, Error *error)
{
    static const char QUERY[] =
        TABLES " SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid::regclass::text)"
               " FROM all_tables WHERE NOT has_table_privilege(oid, 'SELECT')";
    char *tables = NULL;

    if (!legacy_tables_query_text(session, QUERY, NULL, &tables, error)) {
        return false;
    }
    if (tables[0] != '\0') {
        error_set(error, EXIT_CODE_REFUSED, "the role may not read lakeFS's tables");
        error_detail(error, "%s", tables);
        error_hint(error, "GRANT SELECT ON %s TO the role, or rehearse from a dump: --from.",
                   tables);
    }
    free(tables);
    return error->code != EXIT_CODE_REFUSED;
}

/* The path of pg_dump: with the server's programs if they were named, else in PATH. */
static void find_pg_dump(const MigrateOptions *options, char path[PATH_MAX])
{
    int size = options->bindir == NULL ? PATH_MAX
                                       : snprintf(path, PATH_MAX, "%s/pg_dump", options->bindir);

    if (size >= PATH_MAX || access(path, X_OK) != 0) {
        snprintf(path, PATH_MAX, "pg_dump");
    }
}

static bool read_version(const char *pg_dump, int *version, Error *error)
{
    Words command = {0};
    const ChildOptions child = child_options(&command, NULL);
    Buffer printed = {0};
    int status = 0;
    bool done = words_add(&command, pg_dump, error) && words_add(&command, "--version", error) &&
                child_capture(&child, &printed, &status, error);

    if (!done || status != 0 ||
        sscanf(buffer_string(&printed), "pg_dump (PostgreSQL) %d", version) != 1) {
        done = error_set(error, EXIT_CODE_USAGE, "could not run pg_dump");
        error_hint(error,
                   "Install the package postgresql-client, or rehearse from a dump: --from.");
    }
    words_free(&command);
    buffer_free(&printed);
    return done;
}

/* pg_dump refuses servers that are newer than itself. */
static bool check_version(const Session *session, const char *pg_dump, Error *error)
{
    int server = pg_server_version(session->connection) / 10000;
    int version = 0;

    if (!read_version(pg_dump, &version, error)) {
        return false;
    }
    if (version >= server) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "pg_dump of version %d cannot read a server of version %d",
              version, server);
    return error_hint(error,
                      "Install postgresql-client-%d (with --bindir, PostgreSQL %d there), or "
                      "rehearse from a dump made elsewhere: --from.",
                      server, server);
}

/* The tables, without the values of their sequences, which nobody needs here and the role might not
 * read.  A pattern of pg_dump's takes what is in double quotes as it is. */
static bool add_tables(Session *session, Words *command, Error *error)
{
    static const char QUERY[] = TABLES
        ", chosen AS (SELECT oid, '--table=' AS option FROM all_tables UNION"
        " SELECT s.oid, '--exclude-table-data=' FROM pg_depend d JOIN pg_class s ON s.oid = d.objid"
        "  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass"
        "  AND d.refobjid IN (SELECT oid FROM all_tables) AND s.relkind = 'S')"
        " SELECT option || '\"' || replace(n.nspname, '\"', '\"\"') || '\".\"'"
        "  || replace(c.relname, '\"', '\"\"') || '\"' FROM chosen"
        " JOIN pg_class c ON c.oid = chosen.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " ORDER BY 1";
    PgRows *rows = NULL;
    bool done = legacy_tables_query(session, QUERY, NULL, &rows, error);

    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = words_add(command, pg_rows_text(rows, i, 0), error);
    }
    pg_rows_free(rows);
    return done;
}

/* What pg_dump of single tables leaves out: their schemas, and the functions on which their
 * indexes, defaults, constraints and triggers depend, such as first_parent of a schema migration.
 */
static bool add_preamble(Session *session, Words *command, Error *error)
{
    static const char QUERY[] = TABLES
        ", parts AS (SELECT 'pg_class'::regclass AS class, oid FROM all_tables"
        " UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index"
        "  WHERE indrelid IN (SELECT oid FROM all_tables)"
        " UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef"
        "  WHERE adrelid IN (SELECT oid FROM all_tables)"
        " UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint"
        "  WHERE conrelid IN (SELECT oid FROM all_tables)"
        " UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger"
        "  WHERE tgrelid IN (SELECT oid FROM all_tables)),"
        " functions AS (SELECT DISTINCT p.oid, p.pronamespace FROM parts JOIN pg_depend d"
        "  ON d.classid = parts.class AND d.objid = parts.oid"
        "  JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid"
        "  WHERE p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e"
        "   WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')),"
        " schemas AS (SELECT relnamespace AS oid FROM pg_class"
        "  WHERE oid IN (SELECT oid FROM all_tables) UNION SELECT pronamespace FROM functions),"
        " statements AS (SELECT 1 AS step, oid, 'CREATE SCHEMA IF NOT EXISTS '"
        "   || quote_ident(nspname) AS sql FROM pg_namespace WHERE oid IN (SELECT oid FROM schemas)"
        " UNION ALL SELECT 2, 0, 'SET check_function_bodies = false'"
        " UNION ALL SELECT 3, oid, pg_get_functiondef(oid) FROM functions)"
        " SELECT string_agg(sql || E';\\n', '' ORDER BY step, oid) FROM statements";
    char *sql = NULL;
    bool done = legacy_tables_query_text(session, QUERY, NULL, &sql, error) &&
                words_add(command, sql, error);

    free(sql);
    return done;
}

static bool add_pg_dump(Session *session, const char *pg_dump, Words *command, Error *error)
{
    static const char *const OPTIONS[] = {
        "--format=plain",    "--no-owner",         "--no-privileges",      "--no-tablespaces",
        "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-password"};
    const char *role = session->pg.role;
    PgxConninfo conninfo = {0};
    /* Run-time parameters are for our programs only: pg_dump sets its own. */
    bool done = pgx_split(session->database_pairs, &conninfo, NULL, error) &&
                words_add(command, pg_dump, error) && words_add(command, "-d", error) &&
                words_add(command, conninfo.libpq, error) &&
                (role == NULL || words_add_format(command, error, "--role=%s", role)) &&
                words_add_format(command, error, "--lock-wait-timeout=%d",
                                 session->options->common.lock_wait_timeout_ms);

    for (size_t i = 0; done && i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        done = words_add(command, OPTIONS[i], error);
    }
    pgx_free(&conninfo);
    return done && add_tables(session, command, error);
}

bool source_dump_command(Session *session, const char *self, Program *program, Error *error)
{
    char pg_dump[PATH_MAX] = "";

    *program = (Program){0};
    find_pg_dump(session->options, pg_dump);
    return check_version(session, pg_dump, error) && check_rights(session, error) &&
           words_add_all(&program->environment, &session->environment, error) &&
           words_add(&program->command, self, error) &&
           words_add(&program->command, "--source-dump", error) &&
           add_preamble(session, &program->command, error) &&
           add_pg_dump(session, pg_dump, &program->command, error);
}

bool source_dump_main(char **arguments, Error *error)
{
    if (fputs(arguments[0], stdout) < 0 || fflush(stdout) != 0) {
        return error_set(error, EXIT_CODE_FAILED, "could not write the dump: %s", strerror(errno));
    }
    execvp(arguments[1], arguments + 1);
    return error_set(error, EXIT_CODE_USAGE, "could not run \"%s\": %s", arguments[1],
                     strerror(errno));
}
