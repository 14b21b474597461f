/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/table_shape.h"

#include "common/store/inherited.h"
#include "common/store/legacy_tree.h"
#include "export/legacy/table_list.h"

#include <string.h>

#define STAGING "graveler_staging_kv"

/* How a relation of a table's tree stands in the way. */
static bool refuse(const PgSchema *schema, const char *table, const char *relation,
                   const char *kind, Error *error)
{
    if (strcmp(kind, "secured") == 0) {
        error_set(error, EXIT_CODE_REFUSED, "row-level security would hide rows of table \"%s\"",
                  table);
        error_detail(error, "It is active on %s for this role.", relation);
        return error_hint(error, "Run as the owner, or as a role with BYPASSRLS; or turn it off "
                                 "with ALTER TABLE ... DISABLE ROW LEVEL SECURITY.");
    }
    if (strcmp(kind, "child") == 0) {
        return inherited_refuse(schema, table, relation, error);
    }
    error_set(error, EXIT_CODE_REFUSED, "table \"%s\" is not as the schema migrations created it",
              table);
    error_detail(error, "%s is a %s.", relation, kind);
    return error_hint(error, "Its rows can be neither read in the export's snapshot nor locked. "
                             "Make it a table with the same rows, then run again.");
}

/* `tables` is a literal of an array. */
static bool check_trees(PgConnection *connection, const PgSchema *schema, const char *tables,
                        Error *error)
{
    const char *parameters[] = {schema->name, tables};
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection,
                  LEGACY_TREE
                  ", relation AS (SELECT t.relname AS root, format('%I.%I', n.nspname, c.relname) "
                  "AS name,"
                  " CASE WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN"
                  " 'materialized view' WHEN c.relkind = 'f' THEN 'foreign table'"
                  " WHEN c.relkind NOT IN ('r', 'p') THEN 'relation of another kind'"
                  " WHEN EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent"
                  "  JOIN tree u ON u.oid = p.oid WHERE i.inhrelid = c.oid AND p.relkind <> 'p')"
                  "  THEN 'child' WHEN row_security_active(c.oid) THEN 'secured' END AS kind"
                  " FROM tree t JOIN pg_class c ON c.oid = t.oid"
                  " JOIN pg_namespace n ON n.oid = c.relnamespace)"
                  " SELECT root, name, kind FROM relation WHERE kind IS NOT NULL"
                  " ORDER BY array_position($2::text[], root::text), kind, name LIMIT 1",
                  2, parameters, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) > 0) {
        done = refuse(schema, pg_rows_text(rows, 0, 0), pg_rows_text(rows, 0, 1),
                      pg_rows_text(rows, 0, 2), error);
    }
    pg_rows_free(rows);
    return done;
}

/* A partition that was detached and left holds staged rows that nobody would read. */
static bool check_detached(PgConnection *connection, const PgSchema *schema, const char *tables,
                           Error *error)
{
    const char *parameters[] = {schema->name, tables, STAGING};
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  LEGACY_TREE " SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', '"
                              "  ORDER BY c.relname) FROM pg_class c"
                              " JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE n.nspname = $1 AND $3 = ANY ($2::text[])"
                              " AND c.relname ~ ('^' || $3 || '_p[0-9]+$')"
                              " AND c.relkind IN ('r', 'p', 'f')"
                              " AND NOT EXISTS (SELECT FROM tree t WHERE t.oid = c.oid)"
                              " HAVING count(*) > 0",
                  3, parameters, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0;
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"graveler_staging_kv\" is not as the schema migrations created it");
        error_detail(error, "Not a part of it, but named so: %s.", pg_rows_text(rows, 0, 0));
        error_hint(error,
                   "Attach partitions that were detached (ALTER TABLE ... ATTACH PARTITION), "
                   "or rename them if their rows are not wanted; then run again.");
    }
    pg_rows_free(rows);
    return done;
}

static bool check_missing(PgConnection *connection, const PgSchema *schema, const char *tables,
                          Error *error)
{
    const char *parameters[] = {schema->name, tables};
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  "SELECT string_agg(name, ', ' ORDER BY place)"
                  " FROM unnest($2::text[]) WITH ORDINALITY t (name, place)"
                  " WHERE NOT EXISTS (SELECT FROM pg_class c"
                  "  JOIN pg_namespace n ON n.oid = c.relnamespace"
                  "  WHERE n.nspname = $1 AND c.relname = t.name) HAVING count(*) > 0",
                  2, parameters, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0;
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED, "legacy tables are missing in schema \"%s\"",
                  schema->name);
        error_detail(error, "Tables: %s.", pg_rows_text(rows, 0, 0));
        error_hint(error, "Restore them with their rows from a backup, then run again. "
                          "Every lakeFS of this schema version has them, even if empty.");
    }
    pg_rows_free(rows);
    return done;
}

bool table_shape_check(PgConnection *connection, const PgSchema *schema,
                       const Package *const *packages, size_t package_count, Error *error)
{
    Buffer tables = {0};
    bool done = table_list_append(packages, package_count, &tables, error) &&
                check_missing(connection, schema, buffer_string(&tables), error) &&
                check_trees(connection, schema, buffer_string(&tables), error) &&
                check_detached(connection, schema, buffer_string(&tables), error);

    buffer_free(&tables);
    return done;
}

bool table_shape_leaves(PgConnection *connection, const PgSchema *schema, const char *table,
                        PgRows **leaves, Error *error)
{
    const char *parameters[] = {schema->name, NULL};
    Buffer list = {0};
    bool done = buffer_append_format(&list, error, "{%s}", table);

    parameters[1] = buffer_string(&list);
    done = done &&
           pg_query(connection,
                    LEGACY_TREE "SELECT format('%I.%I', n.nspname, c.relname), n.nspname, c.relname"
                                " FROM tree t JOIN pg_class c ON c.oid = t.oid"
                                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                                " WHERE c.relkind <> 'p'"
                                " ORDER BY c.relname::text COLLATE \"C\", n.nspname::text"
                                " COLLATE \"C\"",
                    2, parameters, leaves, error);
    buffer_free(&list);
    return done;
}
