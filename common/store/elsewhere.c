/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/elsewhere.h"

#include "common/base/text.h"
#include "common/store/legacy_oids.h"

/* Other programs have tables of such names, too, such as auth_users: one alone is not lakeFS. */
static const char ELSEWHERE[] =
    "SELECT coalesce(string_agg(format('schema \"%s\"', nspname), ', ' ORDER BY nspname), ''),"
    " coalesce(min(nspname::text), '') FROM (SELECT n.nspname::text COLLATE \"C\" AS nspname"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname <> $1 AND c.relkind IN ('r', 'p') GROUP BY n.nspname"
    " HAVING count(*) FILTER (WHERE c.relname = ANY ($2::text[])) > 1"
    " OR ($3 AND bool_or(c.relname = 'kv' AND (SELECT count(*) = 3 FROM pg_attribute a"
    "  WHERE a.attrelid = c.oid AND a.attname IN ('partition_key', 'key', 'value')"
    "  AND a.atttypid = 'bytea'::regtype)))) AS found";

bool elsewhere_find(PgConnection *connection, const char *schema, ElsewhereWhat what,
                    char **schemas, char **first, Error *error)
{
    const char *parameters[] = {schema, LEGACY_TABLE_NAMES,
                                what == ELSEWHERE_TABLES_OR_STORE ? "true" : "false"};
    PgRows *rows = NULL;
    bool done;

    *schemas = NULL;
    *first = NULL;
    done = pg_query(connection, ELSEWHERE, 3, parameters, &rows, error) &&
           text_copy(pg_rows_text(rows, 0, 0), schemas, error) &&
           text_copy(pg_rows_text(rows, 0, 1), first, error);
    pg_rows_free(rows);
    return done;
}
