/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/aside.h"

#include <stdio.h>

bool kv_aside_name(PgConnection *connection, const char *name, const char *word,
                   char aside[KV_ASIDE_NAME_SIZE], Error *error)
{
    PgRows *rows;

    if (!pg_query(connection, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS')", 0,
                  NULL, &rows, error)) {
        return false;
    }
    snprintf(aside, KV_ASIDE_NAME_SIZE, "%s_%s_%s", name, word, pg_rows_text(rows, 0, 0));
    pg_rows_free(rows);
    return true;
}

bool kv_aside_rename(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *aside, Error *error)
{
    /* The table first, whose lock is the one that may be waited for. */
    static const char STATEMENTS[] =
        "WITH RECURSIVE tree AS (SELECT c.oid FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
        " AND c.relkind IN ('r', 'p')"
        " UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent),"
        " parts AS (SELECT oid FROM tree UNION SELECT i.indexrelid FROM pg_index i"
        "  JOIN tree t ON t.oid = i.indrelid"
        " UNION SELECT r.ev_class FROM pg_rewrite r JOIN pg_depend d"
        "  ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
        "  AND d.refclassid = 'pg_class'::regclass JOIN tree t ON t.oid = d.refobjid"
        "  JOIN pg_class v ON v.oid = r.ev_class WHERE v.relname = $2 || '_v')"
        " SELECT format('ALTER %s %I.%I RENAME TO %I', CASE WHEN c.relkind IN ('i', 'I')"
        "  THEN 'INDEX' WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END, n.nspname, c.relname,"
        "  left($3 || substr(c.relname, length($2) + 1), 63)) FROM parts p"
        " JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = $2 OR left(c.relname, length($2) + 1) = $2 || '_'"
        " ORDER BY c.relname <> $2, c.relname";
    const char *parameters[] = {schema->name, name, aside};
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection, STATEMENTS, 3, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
    }
    pg_rows_free(rows);
    return done;
}
