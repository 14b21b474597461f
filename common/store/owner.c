/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/owner.h"

#include "common/base/text.h"
#include "common/store/legacy_oids.h"

#include <stdlib.h>
#include <string.h>

bool owner_find(PgConnection *connection, const PgSchema *schema, const char *replaced,
                Owner *owner, Error *error)
{
    static const char QUERY[] =
        "WITH here AS (SELECT c.relname, c.relowner FROM pg_class c"
        "  JOIN pg_namespace n ON n.oid = c.relnamespace"
        "  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')),"
        " owners AS (SELECT relowner, 1 AS precedence, 1 AS tables FROM here WHERE relname = $2"
        " UNION ALL SELECT relowner, 2, count(*) FROM here WHERE relname = ANY ($3::text[])"
        "  GROUP BY relowner"
        " UNION ALL SELECT relowner, 3, 1 FROM here WHERE relname = 'schema_migrations'"
        " UNION ALL SELECT oid, 4, 1 FROM pg_roles WHERE rolname = current_user)"
        " SELECT r.rolname, quote_ident(r.rolname), r.rolname = current_user"
        " FROM owners o JOIN pg_roles r ON r.oid = o.relowner"
        " ORDER BY o.precedence, EXISTS (SELECT FROM here h WHERE h.relname = 'schema_migrations'"
        "  AND h.relowner = o.relowner) DESC, o.tables DESC, r.rolname::text COLLATE \"C\" LIMIT 1";
    const char *parameters[] = {schema->name, replaced, LEGACY_TABLE_NAMES};
    PgRows *rows;
    bool done;

    *owner = (Owner){0};
    if (!pg_query(connection, QUERY, 3, parameters, &rows, error)) {
        return false;
    }
    done = text_copy(pg_rows_text(rows, 0, 0), &owner->name, error) &&
           text_copy(pg_rows_text(rows, 0, 1), &owner->quoted, error);
    owner->is_self = strcmp(pg_rows_text(rows, 0, 2), "t") == 0;
    pg_rows_free(rows);
    return done;
}

static bool refuse(const Owner *owner, const PgSchema *schema, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED,
                     "new tables in schema \"%s\" could not be given to role \"%s\", which owns "
                     "those that are there",
                     schema->name, owner->name);
}

/* The role needs the owner's rights, to work on what it has given away, and must be able to become
 * the owner. */
static bool refuse_member(PgConnection *connection, const Owner *owner, const PgSchema *schema,
                          const char *role, const char *quoted, bool may_become, Error *error)
{
    refuse(owner, schema, error);
    error_detail(error, "Role \"%s\" %s.", role,
                 may_become ? "is a member of it, but does not inherit its rights"
                            : "is not a member of it");
    if (pg_server_version(connection) >= 160000) {
        return error_hint(error,
                          "GRANT %s TO %s WITH INHERIT TRUE, SET TRUE; or run as the owner, by "
                          "--username or --role.",
                          owner->quoted, quoted);
    }
    return may_become
               ? error_hint(error, "Run with --role=%s.", owner->name)
               : error_hint(error, "GRANT %s TO %s; or run as the owner, by --username or --role.",
                            owner->quoted, quoted);
}

static bool refuse_create(const Owner *owner, const PgSchema *schema, Error *error)
{
    refuse(owner, schema, error);
    error_detail(error, "Role \"%s\" may not create tables there.", owner->name);
    return error_hint(error, "GRANT CREATE ON SCHEMA %s TO %s", schema->quoted, owner->quoted);
}

static bool is_true(const PgRows *rows, int column)
{
    return strcmp(pg_rows_text(rows, 0, column), "t") == 0;
}

/* PostgreSQL's conditions for ALTER ... OWNER; a superuser meets all. */
bool owner_check(PgConnection *connection, const PgSchema *schema, const Owner *owner, Error *error)
{
    const char *parameters[] = {owner->name, schema->name,
                                pg_server_version(connection) >= 160000 ? "SET" : "MEMBER"};
    PgRows *rows;
    bool done;

    if (owner->is_self) {
        return true;
    }
    if (!pg_query(connection,
                  "SELECT pg_has_role($1::name, 'USAGE'), pg_has_role($1::name, $3),"
                  " has_schema_privilege($1::name, $2, 'CREATE') OR r.rolsuper,"
                  " r.rolname, quote_ident(r.rolname) FROM pg_roles r WHERE rolname = current_user",
                  3, parameters, &rows, error)) {
        return false;
    }
    if (!is_true(rows, 0) || !is_true(rows, 1)) {
        done = refuse_member(connection, owner, schema, pg_rows_text(rows, 0, 3),
                             pg_rows_text(rows, 0, 4), is_true(rows, 1), error);
    } else {
        done = is_true(rows, 2) || refuse_create(owner, schema, error);
    }
    pg_rows_free(rows);
    return done;
}

bool owner_append_give(const Owner *owner, const char *kind, const char *object, Buffer *sql,
                       Error *error)
{
    return owner->is_self || buffer_append_format(sql, error, "ALTER %s %s OWNER TO %s;", kind,
                                                  object, owner->quoted);
}

/* Begins a query: `objects` has what can be given away, with an id that no other object has.  A
 * table's type, array types and the sequence of a serial or identity column follow what they belong
 * to.  $1 is the schema. */
#define OBJECTS                                                                                    \
    "WITH objects AS (SELECT 'r' || c.oid AS id, c.relowner AS owner,"                             \
    "  CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN"                 \
    "  'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END"    \
    "  AS kind, format('%I.%I', n.nspname, c.relname) AS name"                                     \
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"         \
    "  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND NOT EXISTS (SELECT FROM pg_depend" \
    "   d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND (d.deptype = 'e'"         \
    "   OR (c.relkind = 'S' AND d.deptype IN ('a', 'i')"                                           \
    "    AND d.refclassid = 'pg_class'::regclass)))"                                               \
    " UNION ALL SELECT 'f' || p.oid, p.proowner, 'ROUTINE', format('%I.%I(%s)', n.nspname,"        \
    "  p.proname, pg_get_function_identity_arguments(p.oid))"                                      \
    "  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1"          \
    "  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass"              \
    "   AND d.objid = p.oid AND d.deptype = 'e')"                                                  \
    " UNION ALL SELECT 't' || t.oid, t.typowner, 'TYPE', format('%I.%I', n.nspname, t.typname)"    \
    "  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1"          \
    "  AND t.typtype IN ('d', 'e', 'r') AND NOT EXISTS (SELECT FROM pg_depend d"                   \
    "   WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')) "

bool owner_list(PgConnection *connection, const PgSchema *schema, char **objects, Error *error)
{
    const char *parameters[] = {schema->name};
    PgRows *rows;
    bool done;

    *objects = NULL;
    if (!pg_query(connection, OBJECTS "SELECT coalesce(array_agg(id), '{}') FROM objects", 1,
                  parameters, &rows, error)) {
        return false;
    }
    done = text_copy(pg_rows_text(rows, 0, 0), objects, error);
    pg_rows_free(rows);
    return done;
}

bool owner_give_new(PgConnection *connection, const PgSchema *schema, const Owner *owner,
                    const char *objects, Error *error)
{
    const char *parameters[] = {schema->name, objects};
    Buffer sql = {0};
    PgRows *rows;
    bool done = true;

    if (owner->is_self) {
        return true;
    }
    if (!pg_query(connection,
                  OBJECTS "SELECT kind, name FROM objects WHERE id <> ALL ($2::text[])"
                          " AND pg_get_userbyid(owner) = current_user ORDER BY id",
                  2, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = owner_append_give(owner, pg_rows_text(rows, i, 0), pg_rows_text(rows, i, 1), &sql,
                                 error);
    }
    /* A table with deferred triggers that have not fired cannot be altered. */
    done = done && (sql.size == 0 ||
                    (pg_execute(connection, "SET CONSTRAINTS ALL IMMEDIATE", NULL, error) &&
                     pg_execute(connection, buffer_string(&sql), NULL, error)));
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

void owner_free(Owner *owner)
{
    free(owner->name);
    free(owner->quoted);
    *owner = (Owner){0};
}
