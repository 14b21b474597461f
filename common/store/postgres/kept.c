/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/kept.h"

#include "common/base/text.h"
#include "common/cli/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The record is made and read by the server, whatever its encoding: this is its JSON. */
#define RECORD_BEGINS "{\"kept_by\" : \"kv-import "

/* Tables and their records; $1 schema, $2 table. */
#define KEPT                                                                                       \
    "WITH kept AS (SELECT c.oid, c.relname::text AS name, format('%I.%I', n.nspname, c.relname)"   \
    "  AS quoted, format('%I.%I', n.nspname, c.relname || '_v') AS view FROM pg_class c"           \
    "  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"                         \
    "  AND c.relkind IN ('r', 'p')"                                                                \
    "  AND left(c.relname, length($2) + 8) = $2 || '_" KEPT_WORD "_'"                              \
    "  AND substr(c.relname, length($2) + 9) ~ '^[0-9]{8}_[0-9]{6}$'"                              \
    "  AND left(obj_description(c.oid, 'pg_class'), length('" RECORD_BEGINS "'))"                  \
    "   = '" RECORD_BEGINS "') "

bool kept_store_find(PgConnection *connection, const PgSchema *schema, const char *name,
                     KeptStore *kept, Error *error)
{
    const char *parameters[] = {schema->name, name};
    PgRows *rows;

    *kept = (KeptStore){0};
    if (!pg_query(connection,
                  KEPT ", latest AS (SELECT * FROM kept ORDER BY name DESC LIMIT 1),"
                       " leaves AS (SELECT oid FROM latest UNION SELECT i.inhrelid"
                       "  FROM pg_inherits i JOIN latest l ON i.inhparent = l.oid),"
                       " relations AS (SELECT oid FROM leaves UNION SELECT i.indexrelid"
                       "  FROM pg_index i JOIN leaves l ON i.indrelid = l.oid"
                       " UNION SELECT t.reltoastrelid FROM pg_class t JOIN leaves l"
                       "  ON t.oid = l.oid)"
                       " SELECT l.name, (SELECT sum(c.relpages::int8) FROM pg_class c"
                       "  JOIN relations r ON c.oid = r.oid)"
                       "  * current_setting('block_size')::int8 FROM latest l",
                  2, parameters, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) > 0) {
        snprintf(kept->name, sizeof kept->name, "%s", pg_rows_text(rows, 0, 0));
        kept->bytes = strtoull(pg_rows_text(rows, 0, 1), NULL, 10);
    }
    pg_rows_free(rows);
    return true;
}

bool kept_store_drop(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *except, Error *error)
{
    const char *parameters[] = {schema->name, name, except};
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection,
                  KEPT "SELECT format('DROP VIEW IF EXISTS %s; DROP TABLE %s', view, quoted)"
                       " FROM kept WHERE name IS DISTINCT FROM $3",
                  3, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = pg_execute(connection, pg_rows_text(rows, i, 0), NULL, error);
    }
    pg_rows_free(rows);
    return done;
}

/* A database without schema_migrations has nothing to record of it. */
bool kept_record_read(PgConnection *connection, const PgSchema *schema, const char *name,
                      char **record, Error *error)
{
    const char *parameters[] = {schema->name, name};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done =
        buffer_append_text(
            &sql,
            "SELECT json_build_object('kept_by', 'kv-import " PROGRAM_VERSION
            "', 'kept', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
            " 'comment', obj_description(to_regclass(format('%I.%I', $1::text, $2::text)),"
            "  'pg_class')",
            error) &&
        (!schema->has_migrations ||
         buffer_append_format(
             &sql, error,
             ", 'schema_version', (SELECT version FROM %s.schema_migrations), 'schema_comment',"
             " obj_description(to_regclass(format('%%I.schema_migrations', $1::text)), 'pg_class')",
             schema->quoted)) &&
        buffer_append_text(&sql, ")", error) &&
        pg_query(connection, buffer_string(&sql), 2, parameters, &rows, error) &&
        text_copy(pg_rows_text(rows, 0, 0), record, error);

    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static bool set_comment(PgConnection *connection, const PgSchema *schema, const char *table,
                        const char *text, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, "COMMENT ON TABLE ", error) &&
                pg_schema_qualify(connection, schema, table, &sql, error) &&
                buffer_append_text(&sql, " IS ", error) &&
                (text == NULL ? buffer_append_text(&sql, "NULL", error)
                              : pg_quote_literal(connection, text, &sql, error)) &&
                pg_execute(connection, buffer_string(&sql), NULL, error);

    buffer_free(&sql);
    return done;
}

bool kept_record_write(PgConnection *connection, const PgSchema *schema, const char *name,
                       const char *record, Error *error)
{
    return set_comment(connection, schema, name, record, error);
}

static bool restore_schema_version(PgConnection *connection, const PgSchema *schema,
                                   const char *version, const char *comment, Error *error)
{
    Buffer sql = {0};
    uint64_t changed = 0;
    bool done = buffer_append_format(
                    &sql, error, "UPDATE %s.schema_migrations SET version = ", schema->quoted) &&
                pg_quote_literal(connection, version, &sql, error) &&
                buffer_append_text(&sql, "::int8 WHERE NOT dirty", error) &&
                pg_execute(connection, buffer_string(&sql), &changed, error) &&
                (changed == 1 || error_set(error, EXIT_CODE_REFUSED,
                                           "the schema version is dirty, or was changed by another "
                                           "program")) &&
                set_comment(connection, schema, "schema_migrations", comment, error);

    buffer_free(&sql);
    return done;
}

bool kept_record_restore(PgConnection *connection, const PgSchema *schema, const char *kept,
                         Error *error)
{
    const char *parameters[] = {schema->name, kept};
    const char *version;
    PgRows *rows;
    bool done;

    if (!pg_query(connection,
                  "SELECT r.record ->> 'comment', r.record ->> 'schema_version',"
                  " r.record ->> 'schema_comment' FROM (SELECT obj_description("
                  "  format('%I.%I', $1::text, $2::text)::regclass, 'pg_class')::json) r(record)",
                  2, parameters, &rows, error)) {
        return false;
    }
    version = pg_rows_text(rows, 0, 1);
    done = set_comment(connection, schema, kept, pg_rows_text(rows, 0, 0), error) &&
           (!schema->has_migrations || version == NULL ||
            restore_schema_version(connection, schema, version, pg_rows_text(rows, 0, 2), error));
    pg_rows_free(rows);
    return done;
}
