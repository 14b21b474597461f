/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/write_guard.h"

#include "common/store/legacy_oids.h"
#include "common/store/owner.h"

#include <stdlib.h>
#include <string.h>

/* Part of the function's text, by which it is recognised. */
#define RECOGNISED "it was migrated to the KV store at"

/* The functions of the guard's name in the schema $1. */
#define FUNCTIONS                                                                                  \
    "SELECT p.oid FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace"                    \
    " WHERE s.nspname = $1 AND p.proname = '" WRITE_GUARD_NAME "' AND p.pronargs = 0"

/* Whether a trigger g of that name is the guard: a statement's, before all of them (tgtype: 2
 * BEFORE, 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE), without a condition or columns. */
#define IS_GUARD                                                                                   \
    "g.tgtype = 62 AND g.tgqual IS NULL AND g.tgattr::text = '' AND g.tgfoid IN (" FUNCTIONS ")"

/* Begins a query: `guardable` has for each legacy table, partition and child its name in SQL, the
 * name of its owner, whether the role owns it, tgenabled of its trigger (null: none that refuses),
 * and whether another trigger has that name.  $1 is the schema, $2 the tables. */
#define GUARDABLE                                                                                  \
    "WITH RECURSIVE tree AS (SELECT c.oid FROM pg_class c"                                         \
    " JOIN pg_namespace n ON n.oid = c.relnamespace"                                               \
    " WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relkind IN ('r', 'p')"           \
    " UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent),"             \
    " guardable AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name,"                  \
    "  pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS owned,"     \
    "  (SELECT g.tgenabled FROM pg_trigger g WHERE g.tgrelid = c.oid"                              \
    "   AND g.tgname = '" WRITE_GUARD_NAME "' AND " IS_GUARD "   AND g.tgfoid IN (" FUNCTIONS      \
    "    AND strpos(p.prosrc, 'BEGIN RAISE EXCEPTION') = 1"                                        \
    "    AND strpos(p.prosrc, '" RECOGNISED "') > 0)) AS enabled,"                                 \
    "  EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid"                                   \
    "   AND g.tgname = '" WRITE_GUARD_NAME "' AND NOT (" IS_GUARD ")) AS taken"                    \
    "  FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace" \
    "  WHERE c.relkind IN ('r', 'p')) "

static bool query(PgConnection *connection, const PgSchema *schema, const char *sql, PgRows **rows,
                  Error *error)
{
    const char *parameters[] = {schema->name, LEGACY_TABLE_NAMES};

    return pg_query(connection, sql, 2, parameters, rows, error);
}

bool write_guard_count(PgConnection *connection, const PgSchema *schema, WriteGuardCounts *counts,
                       Error *error)
{
    PgRows *rows;

    *counts = (WriteGuardCounts){0};
    /* An origin trigger fires in every session that is not a replica's. */
    if (!query(connection, schema,
               GUARDABLE "SELECT count(*), count(*) FILTER (WHERE enabled IN ('O', 'A'))"
                         " FROM guardable",
               &rows, error)) {
        return false;
    }
    counts->tables = strtoll(pg_rows_text(rows, 0, 0), NULL, 10);
    counts->guarded = strtoll(pg_rows_text(rows, 0, 1), NULL, 10);
    pg_rows_free(rows);
    return true;
}

/* Runs the statements that a query makes. */
static bool run_made(PgConnection *connection, const PgSchema *schema, const char *sql,
                     Error *error)
{
    PgRows *rows;
    bool done;

    if (!query(connection, schema, sql, &rows, error)) {
        return false;
    }
    done = true;
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
    }
    pg_rows_free(rows);
    return done;
}

static bool refuse_function(const PgSchema *schema, const char *stranger, Error *error)
{
    if (stranger != NULL) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the function " WRITE_GUARD_NAME " in schema \"%s\" belongs to role \"%s\", "
                  "which owns no legacy table",
                  schema->name, stranger);
    } else {
        error_set(error, EXIT_CODE_REFUSED,
                  "the function " WRITE_GUARD_NAME " in schema \"%s\" is not kv-migrate's",
                  schema->name);
    }
    return error_hint(error, "Find out what it is for, and drop or rename it.");
}

static bool check_triggers(PgConnection *connection, const PgSchema *schema, Error *error)
{
    PgRows *rows;
    const char *taken;
    bool done;

    if (!query(connection, schema,
               GUARDABLE "SELECT string_agg(name, ', ' ORDER BY name) FROM guardable WHERE taken",
               &rows, error)) {
        return false;
    }
    taken = pg_rows_text(rows, 0, 0);
    if (taken != NULL) {
        error_set(error, EXIT_CODE_REFUSED,
                  "there are triggers " WRITE_GUARD_NAME " that are not kv-migrate's");
        error_detail(error, "On %s.", taken);
        error_hint(error, "Find out what they are for, and drop or rename them.");
    }
    done = taken == NULL;
    pg_rows_free(rows);
    return done;
}

/* Somebody who may create functions in the schema may have made one of this name, whose text would
 * run with the rights of whoever writes to the tables; or a trigger. */
bool write_guard_check(PgConnection *connection, const PgSchema *schema, Error *error)
{
    PgRows *rows;
    bool done;

    if (!query(connection, schema,
               GUARDABLE
               "SELECT CASE WHEN f.stranger THEN pg_get_userbyid(p.proowner) END"
               " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,"
               " LATERAL (SELECT p.prokind = 'f' AND p.prorettype = 'trigger'::regtype"
               "  AND strpos(p.prosrc, '" RECOGNISED "') > 0 AS made,"
               "  pg_get_userbyid(p.proowner) <> current_user AND NOT EXISTS (SELECT"
               "   FROM guardable WHERE owner = pg_get_userbyid(p.proowner)) AS stranger) f"
               " WHERE n.nspname = $1 AND p.proname = '" WRITE_GUARD_NAME "'"
               " AND p.pronargs = 0 AND (f.stranger OR NOT f.made)",
               &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0 || refuse_function(schema, pg_rows_text(rows, 0, 0), error);
    pg_rows_free(rows);
    return done && check_triggers(connection, schema, error);
}

/* Nothing in it depends on the caller's search_path. */
static bool make_function(PgConnection *connection, const PgSchema *schema, Error *error)
{
    static const char FUNCTION[] = GUARDABLE
        "SELECT format('CREATE OR REPLACE FUNCTION %I." WRITE_GUARD_NAME "() RETURNS trigger"
        " LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS %L', $1::text,"
        " format($f$BEGIN RAISE EXCEPTION 'table \"%%\" takes no writes: " RECOGNISED
        " %s, and nothing reads it any longer', TG_TABLE_NAME USING"
        " ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Start lakeFS 0.80 or later, or go "
        "back to the legacy tables with kv-migrate revert.'; END$f$,"
        " to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')))"
        " WHERE EXISTS (SELECT FROM guardable)";

    return write_guard_check(connection, schema, error) &&
           run_made(connection, schema, FUNCTION, error);
}

/* A replaced function keeps its owner; only he may do so again. */
static bool is_mine(PgConnection *connection, const PgSchema *schema, bool *mine, Error *error)
{
    const char *parameters[] = {schema->name};
    PgRows *rows;

    if (!pg_query(connection,
                  "SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                  " WHERE n.nspname = $1 AND p.proname = '" WRITE_GUARD_NAME "' AND p.pronargs = 0"
                  " AND pg_get_userbyid(p.proowner) = current_user",
                  1, parameters, &rows, error)) {
        return false;
    }
    *mine = pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    return true;
}

static bool give(PgConnection *connection, const PgSchema *schema, const Owner *owner, Error *error)
{
    Buffer name = {0};
    Buffer sql = {0};
    bool done = buffer_append_format(&name, error, "%s." WRITE_GUARD_NAME "()", schema->quoted) &&
                owner_append_give(owner, "FUNCTION", buffer_string(&name), &sql, error) &&
                pg_execute(connection, buffer_string(&sql), NULL, error);

    buffer_free(&name);
    buffer_free(&sql);
    return done;
}

/* Like all that is made beside the legacy tables, it belongs to their owner, where that is
 * possible: a role that has the right TRIGGER alone makes them refuse writes, too. */
static bool give_away(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Owner owner;
    Error ignored;
    bool mine = false;
    bool done = owner_find(connection, schema, NULL, &owner, error) &&
                is_mine(connection, schema, &mine, error) &&
                (!mine || owner.is_self || !owner_check(connection, schema, &owner, &ignored) ||
                 give(connection, schema, &owner, error));

    owner_free(&owner);
    return done;
}

bool write_guard_make(PgConnection *connection, const PgSchema *schema, Error *error)
{
    static const char CREATE[] =
        GUARDABLE "SELECT format('CREATE TRIGGER " WRITE_GUARD_NAME " BEFORE INSERT OR UPDATE OR"
                  " DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION"
                  " %I." WRITE_GUARD_NAME "()', name, $1::text)"
                  " FROM guardable WHERE enabled IS NULL ORDER BY name";
    /* Nobody reads the tables, so a replica's write is as lost as any. */
    static const char ENABLE[] =
        GUARDABLE "SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER " WRITE_GUARD_NAME "', name)"
                  " FROM guardable WHERE enabled <> 'A' AND owned ORDER BY name";

    return make_function(connection, schema, error) &&
           run_made(connection, schema, CREATE, error) &&
           run_made(connection, schema, ENABLE, error) && give_away(connection, schema, error);
}

bool write_guard_lock(PgConnection *connection, const PgSchema *schema, Error *error)
{
    /* Their partitions and children are locked with them. */
    static const char LOCK[] =
        "SELECT format('LOCK TABLE %s IN SHARE MODE',"
        "  string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname))"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relkind IN ('r', 'p')"
        " HAVING count(*) > 0";

    return run_made(connection, schema, LOCK, error);
}

/* A lock on a table needs no rights on its partitions and children. */
bool write_guard_check_rights(PgConnection *connection, const PgSchema *schema, Error *error)
{
    static const char DENIED[] = GUARDABLE
        "SELECT string_agg(name, ', ' ORDER BY name) FILTER (WHERE"
        "  NOT has_table_privilege(oid, 'TRIGGER')) AS unguarded,"
        " string_agg(name, ', ' ORDER BY name) FILTER (WHERE"
        "  NOT has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')"
        "  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = oid)) AS unlocked,"
        " quote_ident(current_user) FROM guardable";
    PgRows *rows;
    bool done;

    if (!query(connection, schema, DENIED, &rows, error)) {
        return false;
    }
    done = pg_rows_text(rows, 0, 0) == NULL || pg_rows_text(rows, 0, 1) == NULL;
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the role may not keep writers out of the legacy tables: rows that they write "
                  "before the stamp would be lost");
        error_detail(error, "It has none of TRIGGER, UPDATE, DELETE, TRUNCATE on %s.",
                     pg_rows_text(rows, 0, 1));
        error_hint(error, "Run as the tables' owner, or: GRANT TRIGGER ON %s TO %s",
                   pg_rows_text(rows, 0, 0), pg_rows_text(rows, 0, 2));
    }
    pg_rows_free(rows);
    return done;
}

/* Begins a query: `made` has the triggers that call the function, wherever they are: a partition
 * that was detached has its own still.  Copies that the server makes for partitions go with the
 * original. */
#define MADE                                                                                       \
    "WITH made AS (SELECT g.oid, g.tgname, format('%I.%I', n.nspname, c.relname) AS name,"         \
    " pg_has_role(c.relowner, 'USAGE') AS owned FROM pg_proc p"                                    \
    " JOIN pg_namespace s ON s.oid = p.pronamespace"                                               \
    " JOIN pg_trigger g ON g.tgfoid = p.oid AND NOT g.tgisinternal"                                \
    " JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"          \
    " WHERE s.nspname = $1 AND p.proname = '" WRITE_GUARD_NAME "' AND p.pronargs = 0) "

static bool query_made(PgConnection *connection, const PgSchema *schema, const char *sql,
                       PgRows **rows, Error *error)
{
    const char *parameters[] = {schema->name};

    return pg_query(connection, sql, 1, parameters, rows, error);
}

bool write_guard_check_drop(PgConnection *connection, const PgSchema *schema, Error *error)
{
    PgRows *rows;
    const char *others;
    bool done;

    if (!query_made(connection, schema,
                    MADE "SELECT string_agg(name, ', ' ORDER BY name) FROM (SELECT name FROM made"
                         " WHERE NOT owned UNION SELECT format('function %I.%I()', n.nspname,"
                         "  p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                         " WHERE n.nspname = $1 AND p.proname = '" WRITE_GUARD_NAME "'"
                         " AND p.pronargs = 0 AND NOT pg_has_role(p.proowner, 'USAGE')"
                         " AND NOT pg_has_role(n.nspowner, 'USAGE')) other",
                    &rows, error)) {
        return false;
    }
    others = pg_rows_text(rows, 0, 0);
    done = others == NULL;
    if (!done) {
        error_set(error, EXIT_CODE_FAILED,
                  "this role cannot let the legacy tables take writes again");
        error_detail(error, "It does not own what refuses writes: %s.", others);
        error_hint(error, "Run as the owner.");
    }
    pg_rows_free(rows);
    return done;
}

bool write_guard_drop(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Buffer function = {0};
    PgRows *rows;
    bool done = write_guard_check_drop(connection, schema, error) &&
                query_made(connection, schema,
                           MADE "SELECT format('DROP TRIGGER %I ON %s', tgname, name) FROM made"
                                " ORDER BY name, tgname",
                           &rows, error);

    if (!done) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
    }
    pg_rows_free(rows);
    done = done && write_guard_append_drop_function(schema, &function, error) &&
           pg_execute(connection, buffer_string(&function), NULL, error);
    buffer_free(&function);
    return done;
}

bool write_guard_append_drop_function(const PgSchema *schema, Buffer *sql, Error *error)
{
    return buffer_append_format(
        sql, error, "DROP FUNCTION IF EXISTS %s." WRITE_GUARD_NAME "() CASCADE", schema->quoted);
}
