/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/schema.h"

#include "common/base/text.h"
#include "common/pg/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool pg_query_on_path(PgConnection *connection, const char *sql, int parameter_count,
                      const char *const *parameters, PgRows **rows, Error *error)
{
    static const char *const SEARCH_PATH[] = {"search_path"};

    *rows = NULL;
    return pg_settings_restore(connection, SEARCH_PATH, 1, error) &&
           pg_query(connection, sql, parameter_count, parameters, rows, error) &&
           pg_execute(connection, "SET LOCAL search_path = ''", NULL, error);
}

static bool find_on_path(PgConnection *connection, char **table, char **current, Error *error)
{
    PgRows *rows;
    bool done = pg_query_on_path(connection,
                                 "SELECT pg_catalog.to_regclass('schema_migrations')"
                                 "::pg_catalog.oid, pg_catalog.current_schema()",
                                 0, NULL, &rows, error) &&
                text_copy(pg_rows_text(rows, 0, 0), table, error) &&
                text_copy(pg_rows_text(rows, 0, 1), current, error);

    pg_rows_free(rows);
    return done;
}

/* As a view or a foreign table it could be neither locked nor stamped. */
static bool check_kind(const PgSchema *schema, const char *kind, Error *error)
{
    static const struct {
        char kind;
        const char *name;
    } KINDS[] = {{'v', "view"},
                 {'m', "materialized view"},
                 {'f', "foreign table"},
                 {'S', "sequence"},
                 {'c', "composite type"}};
    const char *name = "relation of another kind";

    if (kind == NULL || kind[0] == 'r' || kind[0] == 'p') {
        return true;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        name = kind[0] == KINDS[i].kind ? KINDS[i].name : name;
    }
    error_set(error, EXIT_CODE_REFUSED, "%s.schema_migrations is not a table, but a %s",
              schema->quoted, name);
    return error_hint(error, "golang-migrate keeps the schema version in a table. Put that in its "
                             "place, or name lakeFS's schema with --schema.");
}

/* Fills the schema from the catalogs; here the search_path does not matter. */
static bool find_in_catalog(PgConnection *connection, const char *wanted, const char *table,
                            const char *current, PgSchema *schema, Error *error)
{
    const char *parameters[] = {wanted, table, current};
    PgRows *rows;
    bool done = false;

    if (!pg_query(connection,
                  "SELECT current_database(), n.nspname, quote_ident(n.nspname),"
                  " (SELECT c.relkind FROM pg_class c"
                  "  WHERE c.relnamespace = n.oid AND c.relname = 'schema_migrations')"
                  " FROM pg_namespace n WHERE n.nspname = coalesce($1::text,"
                  "  (SELECT m.nspname FROM pg_namespace m JOIN pg_class c"
                  "   ON c.relnamespace = m.oid WHERE c.oid = $2::oid), $3::text)",
                  3, parameters, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) != 1) {
        if (wanted != NULL) {
            error_set(error, EXIT_CODE_USAGE, "there is no schema \"%s\"", wanted);
        } else {
            error_set(error, EXIT_CODE_USAGE, "the connection's search_path names no schema");
            error_hint(error, "Name the schema of lakeFS's tables with --schema.");
        }
    } else {
        schema->has_migrations = pg_rows_text(rows, 0, 3) != NULL;
        done = text_copy(pg_rows_text(rows, 0, 0), &schema->database, error) &&
               text_copy(pg_rows_text(rows, 0, 1), &schema->name, error) &&
               text_copy(pg_rows_text(rows, 0, 2), &schema->quoted, error) &&
               check_kind(schema, pg_rows_text(rows, 0, 3), error);
    }
    pg_rows_free(rows);
    return done;
}

bool pg_schema_find(PgConnection *connection, const char *wanted, PgSchema *schema, Error *error)
{
    char *table = NULL;
    char *current = NULL;
    bool done;

    *schema = (PgSchema){0};
    done = pg_begin(connection, PG_READ_SNAPSHOT, 0, error) &&
           find_on_path(connection, &table, &current, error) &&
           find_in_catalog(connection, wanted, table, current, schema, error) &&
           pg_commit(connection, error);
    if (!done) {
        pg_rollback(connection);
    }
    free(table);
    free(current);
    return done;
}

/* Returns the table's rows; NULL with the error set. */
static PgRows *query_version(PgConnection *connection, const PgSchema *schema, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;

    if (buffer_append_format(&sql, error, "SELECT version, dirty FROM %s.schema_migrations",
                             schema->quoted)) {
        pg_query(connection, buffer_string(&sql), 0, NULL, &rows, error);
    }
    buffer_free(&sql);
    return rows;
}

static bool refuse_rows(const PgSchema *schema, int count, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "table \"%s.schema_migrations\" holds %d rows instead of one", schema->name, count);
    return error_hint(error,
                      "Leave one row there, with the version that the schema is at: DELETE FROM "
                      "%s.schema_migrations WHERE version <> N; then run again.",
                      schema->quoted);
}

/* The table may belong to another program, so its columns may hold anything. */
static bool parse_version(const PgSchema *schema, const char *number, const char *flag,
                          int64_t *version, bool *dirty, Error *error)
{
    char *end = NULL;

    errno = 0;
    *version = number == NULL ? 0 : strtoll(number, &end, 10);
    *dirty = flag != NULL && strcmp(flag, "t") == 0;
    if (number == NULL || end == number || *end != '\0' || errno != 0 || flag == NULL ||
        (!*dirty && strcmp(flag, "f") != 0)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s.schema_migrations\" does not hold a version: \"%s\", dirty \"%s\"",
                  schema->name, number == NULL ? "null" : number, flag == NULL ? "null" : flag);
        return error_hint(error, "It is not golang-migrate's table, with a bigint and a boolean. "
                                 "Is this the database of lakeFS?");
    }
    return true;
}

bool pg_schema_find_version(PgConnection *connection, const PgSchema *schema, bool *found,
                            int64_t *version, bool *dirty, Error *error)
{
    PgRows *rows = query_version(connection, schema, error);
    int count = rows == NULL ? 0 : pg_rows_count(rows);
    bool done = rows != NULL;

    *found = count > 0;
    *version = 0;
    *dirty = false;
    if (count > 1) {
        done = refuse_rows(schema, count, error);
    } else if (count == 1) {
        done = parse_version(schema, pg_rows_text(rows, 0, 0), pg_rows_text(rows, 0, 1), version,
                             dirty, error);
    }
    pg_rows_free(rows);
    return done;
}

bool pg_schema_version(PgConnection *connection, const PgSchema *schema, int64_t *version,
                       bool *dirty, Error *error)
{
    bool found;

    return pg_schema_find_version(connection, schema, &found, version, dirty, error) &&
           (found || refuse_rows(schema, 0, error));
}

bool pg_schema_qualify(PgConnection *connection, const PgSchema *schema, const char *name,
                       Buffer *sql, Error *error)
{
    return buffer_append_format(sql, error, "%s.", schema->quoted) &&
           pg_quote_identifier(connection, name, sql, error);
}

void pg_schema_free(PgSchema *schema)
{
    free(schema->database);
    free(schema->name);
    free(schema->quoted);
    *schema = (PgSchema){0};
}
