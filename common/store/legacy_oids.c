/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/legacy_oids.h"

#include <stdlib.h>

bool legacy_oids_read(PgConnection *connection, const char *schema, const char *names,
                      DumpTables *tables, Error *error)
{
    const char *parameters[] = {schema, names};
    PgRows *rows;
    bool done = true;

    *tables = (DumpTables){0};
    if (!pg_query(connection,
                  "WITH RECURSIVE tree AS (SELECT c.relname, c.oid AS root, c.oid FROM pg_class c"
                  " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                  " AND c.relname = ANY ($2::text[]) AND c.relkind IN ('r', 'p')"
                  " UNION SELECT t.relname, t.root, i.inhrelid FROM pg_inherits i"
                  " JOIN tree t ON t.oid = i.inhparent)"
                  " SELECT relname, oid FROM tree"
                  " ORDER BY relname::text COLLATE \"C\", oid <> root, oid::int8",
                  2, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = dump_tables_add(tables, pg_rows_text(rows, i, 0),
                               (uint32_t)strtoul(pg_rows_text(rows, i, 1), NULL, 10), error);
    }
    pg_rows_free(rows);
    return done;
}
