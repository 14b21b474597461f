/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/shadowed.h"

#include "common/store/legacy_oids.h"

static bool refuse(const PgSchema *schema, const char *tables, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "lakeFS's tables are in schema \"%s\", but the connection's search_path finds others "
              "of these names first",
              schema->name);
    error_detail(error, "%s", tables);
    return error_hint(error,
                      "lakeFS reads and writes what its search_path finds first. Find out where "
                      "its rows are; if they are in the former, name it with --schema.");
}

bool shadowed_refuse(PgConnection *connection, const PgSchema *schema, Error *error)
{
    static const char *const NAMES[] = {LEGACY_TABLE_NAMES};
    const char *parameters[] = {NULL, schema->name};
    PgRows *oids;
    PgRows *rows = NULL;
    bool done = pg_query_on_path(
        connection,
        "SELECT pg_catalog.array_agg(pg_catalog.to_regclass(t.name)::pg_catalog.oid)"
        " FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t(name)",
        1, NAMES, &oids, error);

    if (done) {
        parameters[0] = pg_rows_text(oids, 0, 0);
        done =
            pg_query(connection,
                     "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', '"
                     "  ORDER BY c.relname) FROM pg_class c"
                     " JOIN pg_namespace n ON n.oid = c.relnamespace"
                     " WHERE c.oid = ANY ($1::oid[]) AND n.nspname <> $2",
                     2, parameters, &rows, error) &&
            (pg_rows_text(rows, 0, 0) == NULL || refuse(schema, pg_rows_text(rows, 0, 0), error));
    }
    pg_rows_free(oids);
    pg_rows_free(rows);
    return done;
}
