/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/taken_names.h"

#include "common/base/text.h"

#include <stdio.h>

enum { SCHEMA_NAME_SIZE = 32, KV_NAME_SIZE = 64 };

bool taken_names_find(PgConnection *connection, const PgSchema *schema, const char *name,
                      char **relation, Error *error)
{
    const char *parameters[] = {schema->name, name};
    PgRows *rows;
    bool done;

    *relation = NULL;
    if (!pg_query(connection,
                  "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND (c.relname = $2 || '_v'"
                  "  OR left(c.relname, length($2) + 1) = $2 || '_'"
                  "  AND substr(c.relname, length($2) + 2) ~ '^[0-9]+$')"
                  " AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
                  /* except the partitions and the view of the existing table */
                  " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class p"
                  "  ON p.oid = i.inhparent WHERE i.inhrelid = c.oid"
                  "  AND p.relnamespace = n.oid AND p.relname = $2)"
                  " AND NOT EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d"
                  "  ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
                  "  JOIN pg_class p ON d.refclassid = 'pg_class'::regclass AND p.oid = d.refobjid"
                  "  WHERE r.ev_class = c.oid AND p.relnamespace = n.oid AND p.relname = $2)"
                  " LIMIT 1",
                  2, parameters, &rows, error)) {
        return false;
    }
    done = pg_rows_count(rows) == 0 || text_copy(pg_rows_text(rows, 0, 0), relation, error);
    pg_rows_free(rows);
    return done;
}

/* The block is a literal itself, so that no shell finds a $ in it. */
static bool append_condition(PgConnection *connection, const PgSchema *schema, const char *name,
                             Buffer *block, Error *error)
{
    char view[KV_NAME_SIZE + 2];
    char prefix[KV_NAME_SIZE + 1];

    snprintf(view, sizeof view, "%s_v", name);
    snprintf(prefix, sizeof prefix, "%s_", name);
    return buffer_append_text(block, "c.relnamespace = ", error) &&
           pg_quote_literal(connection, schema->quoted, block, error) &&
           buffer_append_text(block, "::regnamespace AND (c.relname IN (", error) &&
           pg_quote_literal(connection, name, block, error) &&
           buffer_append_text(block, ", ", error) &&
           pg_quote_literal(connection, view, block, error) &&
           buffer_append_text(block, ") OR left(c.relname, length(", error) &&
           pg_quote_literal(connection, prefix, block, error) &&
           buffer_append_text(block, ")) = ", error) &&
           pg_quote_literal(connection, prefix, block, error) &&
           buffer_append_text(block, " AND substr(c.relname, length(", error) &&
           pg_quote_literal(connection, prefix, block, error) &&
           buffer_append_text(block, ") + 1) ~ '^[0-9]+$')", error);
}

static bool name_schema(PgConnection *connection, char aside[SCHEMA_NAME_SIZE], Error *error)
{
    PgRows *rows;

    if (!pg_query(
            connection,
            "SELECT 'lakefs_aside_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS')", 0,
            NULL, &rows, error)) {
        return false;
    }
    snprintf(aside, SCHEMA_NAME_SIZE, "%s", pg_rows_text(rows, 0, 0));
    pg_rows_free(rows);
    return true;
}

bool taken_names_append_move(PgConnection *connection, const PgSchema *schema, const char *name,
                             Buffer *sql, Error *error)
{
    char aside[SCHEMA_NAME_SIZE];
    Buffer block = {0};
    bool done = name_schema(connection, aside, error) &&
                buffer_append_format(&block, error,
                                     "DECLARE r record; BEGIN CREATE SCHEMA %s; FOR r IN SELECT"
                                     " c.oid::regclass AS t FROM pg_class c WHERE ",
                                     aside) &&
                append_condition(connection, schema, name, &block, error) &&
                buffer_append_format(&block, error,
                                     " AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') LOOP EXECUTE"
                                     " format('ALTER TABLE %%s SET SCHEMA %s', r.t); END LOOP; END",
                                     aside) &&
                buffer_append_text(sql, "DO ", error) &&
                pg_quote_literal(connection, buffer_string(&block), sql, error);

    buffer_free(&block);
    return done;
}
