/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/taken_names.h"

#include "common/base/text.h"

#include <stdio.h>

enum { SCHEMA_NAME_SIZE = 32, KV_NAME_SIZE = 64 };

/* Names are literals, not parameters: the text may be that of a DO block. */
static bool append_needed(PgConnection *connection, const char *column, const char *name,
                          Buffer *sql, Error *error)
{
    char view[KV_NAME_SIZE + 2];
    char prefix[KV_NAME_SIZE + 1];

    snprintf(view, sizeof view, "%s_v", name);
    snprintf(prefix, sizeof prefix, "%s_", name);
    return buffer_append_format(sql, error, "(%s IN (", column) &&
           pg_quote_literal(connection, name, sql, error) && buffer_append_text(sql, ", ", error) &&
           pg_quote_literal(connection, view, sql, error) &&
           buffer_append_format(sql, error, ") OR left(%s, length(", column) &&
           pg_quote_literal(connection, prefix, sql, error) &&
           buffer_append_text(sql, ")) = ", error) &&
           pg_quote_literal(connection, prefix, sql, error) &&
           buffer_append_format(sql, error, " AND substr(%s, length(", column) &&
           pg_quote_literal(connection, prefix, sql, error) &&
           buffer_append_text(sql, ") + 1) ~ '^[0-9]+$')", error);
}

static bool append_names(PgConnection *connection, const PgSchema *schema, const char *name,
                         Buffer *sql, Error *error)
{
    return buffer_append_text(
               sql, "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relnamespace = ", error) &&
           pg_quote_literal(connection, schema->quoted, sql, error) &&
           buffer_append_text(sql, "::regnamespace AND ", error) &&
           append_needed(connection, "c.relname", name, sql, error);
}

/* The relation is neither the existing table nor one of its partitions nor its view. */
static bool append_stray(PgConnection *connection, const char *name, Buffer *sql, Error *error)
{
    return buffer_append_text(sql, " AND c.relname <> ", error) &&
           pg_quote_literal(connection, name, sql, error) &&
           buffer_append_text(sql,
                              " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class p"
                              " ON p.oid = i.inhparent WHERE i.inhrelid = c.oid"
                              " AND p.relnamespace = c.relnamespace AND p.relname = ",
                              error) &&
           pg_quote_literal(connection, name, sql, error) &&
           buffer_append_text(sql,
                              ") AND NOT EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d"
                              " ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid"
                              " JOIN pg_class p ON d.refclassid = 'pg_class'::regclass"
                              " AND p.oid = d.refobjid WHERE w.ev_class = c.oid"
                              " AND p.relnamespace = c.relnamespace AND p.relname = ",
                              error) &&
           pg_quote_literal(connection, name, sql, error) && buffer_append_text(sql, ")", error);
}

bool taken_names_find(PgConnection *connection, const PgSchema *schema, const char *name,
                      char **relation, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done = buffer_append_text(&sql, "SELECT c.relname FROM pg_class c WHERE ", error) &&
                append_names(connection, schema, name, &sql, error) &&
                append_stray(connection, name, &sql, error) &&
                buffer_append_text(&sql, " LIMIT 1", error) &&
                pg_query(connection, buffer_string(&sql), 0, NULL, &rows, error);

    *relation = NULL;
    done =
        done && (pg_rows_count(rows) == 0 || text_copy(pg_rows_text(rows, 0, 0), relation, error));
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

bool taken_names_find_type(PgConnection *connection, const PgSchema *schema, const char *name,
                           char **type, Error *error)
{
    const char *parameters[] = {schema->name, name};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done =
        buffer_append_text(&sql,
                           "SELECT t.typname FROM pg_type t"
                           " JOIN pg_namespace n ON n.oid = t.typnamespace"
                           " LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE n.nspname = $1"
                           " AND NOT EXISTS (SELECT FROM pg_class k WHERE k.relnamespace = n.oid"
                           "  AND k.relname = $2 AND k.relkind IN ('r', 'p'))"
                           " AND (t.typrelid = 0 OR c.relkind = 'c') AND ",
                           error) &&
        append_needed(connection, "t.typname", name, &sql, error) &&
        buffer_append_text(&sql, " LIMIT 1", error) &&
        pg_query(connection, buffer_string(&sql), 2, parameters, &rows, error);

    *type = NULL;
    done = done && (pg_rows_count(rows) == 0 || text_copy(pg_rows_text(rows, 0, 0), type, error));
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
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
                             bool strays_only, Buffer *sql, Error *error)
{
    char aside[SCHEMA_NAME_SIZE];
    Buffer block = {0};
    /* The block is a literal itself, so that no shell finds a $ in it. */
    bool done =
        name_schema(connection, aside, error) &&
        buffer_append_format(&block, error,
                             "DECLARE r record; BEGIN CREATE SCHEMA %s; FOR r IN SELECT"
                             " c.oid::regclass AS t FROM pg_class c WHERE ",
                             aside) &&
        append_names(connection, schema, name, &block, error) &&
        (!strays_only || append_stray(connection, name, &block, error)) &&
        buffer_append_format(
            &block, error,
            " LOOP EXECUTE format('ALTER TABLE %%s SET SCHEMA %s', r.t); END LOOP; END", aside) &&
        buffer_append_text(sql, "DO ", error) &&
        pg_quote_literal(connection, buffer_string(&block), sql, error);

    buffer_free(&block);
    return done;
}
