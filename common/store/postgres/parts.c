/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/parts.h"

bool kv_parts_query(PgConnection *connection, const char *sql, const PgSchema *schema,
                    const char *first, const char *second, PgRows **rows, Error *error)
{
    const char *parameters[] = {schema->name, first, second};

    return pg_query(connection, sql, 3, parameters, rows, error);
}

bool kv_parts_execute(PgConnection *connection, const char *sql, const PgSchema *schema,
                      const char *first, const char *second, Error *error)
{
    Buffer statements = {0};
    PgRows *rows;
    bool done = true;

    if (!kv_parts_query(connection, sql, schema, first, second, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = buffer_append_format(&statements, error, "%s;", pg_rows_text(rows, i, 0));
    }
    pg_rows_free(rows);
    done = done && (statements.size == 0 ||
                    pg_execute(connection, buffer_string(&statements), NULL, error));
    buffer_free(&statements);
    return done;
}
