/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/coverage.h"

#include <string.h>

/* The server writes a bound as "FOR VALUES WITH (modulus 100, remainder 7)", whatever the settings;
 * a partition with modulus n holds an n-th of the keys.  pg_get_expr would lock a relation that it
 * is given. */
bool coverage_check(PgConnection *connection, const PgSchema *schema, const char *table,
                    Error *error)
{
    const char *parameters[] = {schema->name, table};
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  "SELECT count(p.oid), coalesce(sum(1 / substring(lower(pg_get_expr("
                  "  p.relpartbound, 0)) FROM 'modulus ([0-9]+)')::numeric), 1) > 0.9999999"
                  " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " JOIN pg_partitioned_table t ON t.partrelid = c.oid AND t.partstrat = 'h'"
                  " LEFT JOIN pg_inherits i ON i.inhparent = c.oid"
                  " LEFT JOIN pg_class p ON p.oid = i.inhrelid"
                  " WHERE n.nspname = $1 AND c.relname = $2 GROUP BY c.oid",
                  2, parameters, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0 || strcmp(pg_rows_text(rows, 0, 1), "t") == 0;
    if (!done) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" lacks partitions: entries are missing from it", table);
        error_detail(error, "It has %s, which do not hold all keys.", pg_rows_text(rows, 0, 0));
        error_hint(error,
                   "Attach partitions that were detached; or move the table out of the way, with "
                   "all that has a name of a KV table, and restore the store from a dump.");
    }
    pg_rows_free(rows);
    return done;
}
