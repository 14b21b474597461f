/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/inherited.h"

#include "common/store/legacy_tree.h"

bool inherited_refuse(const PgSchema *schema, const char *table, const char *child, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "table \"%s\" is not as the schema migrations created it",
              table);
    error_detail(error, "%s inherits from it, and may hold more than the table's columns.", child);
    return error_hint(error,
                      "Move the child's rows into the table itself, and end the inheritance "
                      "with ALTER TABLE %s NO INHERIT %s.%s; then run again.",
                      child, schema->quoted, table);
}

/* The legacy tables take no rows any longer, and the KV store may lack the child's. */
static bool advise_keep(const PgSchema *schema, const char *table, const char *child, Error *error)
{
    return error_hint(error,
                      "Its rows are not in the KV store. End the inheritance, which keeps the "
                      "child with its rows: ALTER TABLE %s NO INHERIT %s.%s; then run again.",
                      child, schema->quoted, table);
}

bool inherited_check(PgConnection *connection, const PgSchema *schema, const char *tables,
                     bool keep, Error *error)
{
    const char *parameters[] = {schema->name, tables};
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  LEGACY_TREE
                  "SELECT t.relname, format('%I.%I', n.nspname, c.relname)"
                  " FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent"
                  " JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid"
                  " JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE p.relkind = 'r' ORDER BY 1, 2 LIMIT 1",
                  2, parameters, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0;
    if (!done) {
        const char *table = pg_rows_text(rows, 0, 0);
        const char *child = pg_rows_text(rows, 0, 1);

        inherited_refuse(schema, table, child, error);
        if (keep) {
            advise_keep(schema, table, child, error);
        }
    }
    pg_rows_free(rows);
    return done;
}
