/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/aside.h"

#include "common/store/postgres/parts.h"

#include <stdio.h>

bool kv_aside_name(PgConnection *connection, const PgSchema *schema, const char *name,
                   const char *word, char aside[KV_ASIDE_NAME_SIZE], Error *error)
{
    const char *parameters[] = {schema->name, name, word};
    PgRows *rows;

    if (!pg_query(connection,
                  "SELECT a.name FROM generate_series(0, 3600) AS s(later), LATERAL (SELECT"
                  "  format('%s_%s_%s', $2::text, $3::text, to_char((now() + s.later"
                  "   * interval '1 second') AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS')) AS name) a"
                  " WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n"
                  "  ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = a.name)"
                  " ORDER BY s.later LIMIT 1",
                  3, parameters, &rows, error)) {
        return false;
    }
    snprintf(aside, KV_ASIDE_NAME_SIZE, "%s", pg_rows_text(rows, 0, 0));
    pg_rows_free(rows);
    return true;
}

/* Since PostgreSQL 18, NOT NULL constraints have names; those of partitions follow the table's. */
static bool rename_constraints(PgConnection *connection, const PgSchema *schema, const char *name,
                               const char *aside, Error *error)
{
    static const char STATEMENTS[] =
        "SELECT format('ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I', n.nspname, c.relname,"
        "  o.conname, left($3 || substr(o.conname, length($2) + 1), 63))"
        " FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2 AND o.contype = 'n'"
        " AND left(o.conname, length($2) + 1) = $2 || '_'";

    return kv_parts_execute(connection, STATEMENTS, schema, name, aside, error);
}

bool kv_aside_rename(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *aside, Error *error)
{
    /* The table first, whose lock is the one that may be waited for.  Nothing has the new name, so
     * that the query finds one table. */
    static const char STATEMENTS[] =
        KV_PARTS "SELECT format('ALTER %s %s RENAME TO %I', CASE WHEN relkind IN ('i', 'I')"
                 "  THEN 'INDEX' WHEN relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END, quoted,"
                 "  left($3 || suffix, 63)) FROM parts WHERE name = $2 AND is_named"
                 " ORDER BY suffix <> '', suffix";

    return rename_constraints(connection, schema, name, aside, error) &&
           kv_parts_execute(connection, STATEMENTS, schema, name, aside, error);
}
