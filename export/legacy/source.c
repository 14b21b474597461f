/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/source.h"

#include "common/pg/copy_out.h"

#include <inttypes.h>
#include <string.h>

/* Appends `sql` with its placeholders replaced. */
static bool expand_sql(Worker *worker, const char *sql, const PgPageRange *range, Buffer *expanded,
                       Error *error)
{
    static const char SCHEMA[] = "{schema}";
    static const char RANGE[] = "{range}";

    while (*sql != '\0') {
        size_t plain = strcspn(sql, "{");

        if (!buffer_append(expanded, sql, plain, error)) {
            return false;
        }
        sql += plain;
        if (strncmp(sql, SCHEMA, strlen(SCHEMA)) == 0) {
            if (!buffer_append_text(expanded, worker->context->schema.quoted, error)) {
                return false;
            }
            sql += strlen(SCHEMA);
        } else if (strncmp(sql, RANGE, strlen(RANGE)) == 0) {
            if (!pg_page_range_append(range, expanded, error)) {
                return false;
            }
            sql += strlen(RANGE);
        } else if (*sql != '\0') {
            if (!buffer_append(expanded, sql++, 1, error)) {
                return false;
            }
        }
    }
    return true;
}

/* Checks the names and types of columns, so that a database that was changed by hand is refused
 * rather than misread. */
static bool check_columns(Worker *worker, const SourceQuery *query, const char *sql, Error *error)
{
    uint32_t types[SOURCE_MAX_COLUMNS];
    int columns = 0;

    if (!pg_describe(worker->connection, sql, types, SOURCE_MAX_COLUMNS, &columns, error)) {
        /* An error from the server, not a lack of memory. */
        if (error->code == EXIT_CODE_FAILED && pg_sqlstate(worker->connection)[0] != '\0') {
            error->code = EXIT_CODE_REFUSED;
            error_hint(error, "Table \"%s\" is not as the schema migrations created it.",
                       query->table);
        }
        return false;
    }
    for (size_t i = 0; i < query->column_count; i++) {
        const SourceColumn *column = &query->columns[i];

        if (!source_type_matches(column->type, types[i])) {
            error_set(error, EXIT_CODE_REFUSED, "table \"%s\": column \"%s\" is not of type %s",
                      query->table, column->name, source_type_name(column->type));
            return error_hint(error, "The table is not as the schema migrations created it.");
        }
    }
    return true;
}

/* The row that is read, and what takes it. */
typedef struct RowReader {
    SourceRow row;
    SourceRowFunction *function;
    void *state;
} RowReader;

static bool read_row(void *state, Error *error)
{
    RowReader *reader = state;

    source_row_begin(&reader->row);
    return source_row_check(&reader->row, error) &&
           reader->function(&reader->row, reader->state, error) &&
           source_row_end(&reader->row, error);
}

/* Reads the rows of a COPY statement; sets *rows to their number. */
static bool copy_rows(Worker *worker, const SourceQuery *query, const char *sql,
                      SourceRowFunction *function, void *state, uint64_t *rows, Error *error)
{
    RowReader reader = {
        .row = {.worker = worker, .query = query}, .function = function, .state = state};
    PgCopyOut copy = {.sql = sql,
                      .table = query->table,
                      .fields = reader.row.fields,
                      .field_count = query->column_count,
                      .reports_progress = worker->emitter.chunks != NULL};
    bool done = pg_copy_out(worker->connection, &copy, read_row, &reader, error);

    *rows = copy.rows;
    return done;
}

static bool append_copy(Buffer *copy, const char *select, uint64_t row_limit, Error *error)
{
    return row_limit == 0
               ? buffer_append_format(copy, error, "COPY (%s) TO STDOUT (FORMAT binary)", select)
               : buffer_append_format(copy, error,
                                      "COPY (SELECT * FROM (%s) AS all_rows LIMIT %" PRIu64
                                      ") TO STDOUT (FORMAT binary)",
                                      select, row_limit);
}

bool source_read(Worker *worker, const SourceQuery *query, const PgPageRange *range,
                 SourceRowFunction *function, void *state, Error *error)
{
    Buffer select = {0};
    Buffer copy = {0};
    uint64_t rows = 0;
    bool done =
        expand_sql(worker, query->sql, range, &select, error) &&
        check_columns(worker, query, buffer_string(&select), error) &&
        append_copy(&copy, buffer_string(&select), range == NULL ? worker->row_limit : 0, error) &&
        (worker->checks_only ||
         copy_rows(worker, query, buffer_string(&copy), function, state, &rows, error)) &&
        (worker->emitter.chunks == NULL || report_rows(&worker->report, query->table, rows, error));

    buffer_free(&select);
    buffer_free(&copy);
    return done;
}

/* Whether the relation has a valid, plain unique index on exactly these columns. */
static bool has_unique_index(Worker *worker, const char *relation, const char *columns, bool *found,
                             Error *error)
{
    const char *parameters[] = {relation, columns};
    PgRows *rows;

    if (!pg_query(worker->connection,
                  /* A column that is missing is refused when the columns are checked. */
                  "SELECT WHERE (SELECT count(*) FROM pg_attribute a"
                  "  WHERE a.attrelid = to_regclass($1) AND NOT a.attisdropped"
                  "  AND a.attname::text = ANY (string_to_array($2, ', ')))"
                  " < array_length(string_to_array($2, ', '), 1)"
                  " UNION ALL SELECT FROM pg_index i WHERE i.indrelid = to_regclass($1)"
                  " AND i.indisunique AND i.indisvalid AND i.indimmediate"
                  " AND i.indpred IS NULL AND i.indexprs IS NULL"
                  " AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)"
                  "  FROM pg_attribute a"
                  "  WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))"
                  " = (SELECT array_agg(x ORDER BY x) FROM"
                  "  unnest(string_to_array($2, ', ')) AS x)",
                  2, parameters, &rows, error)) {
        return false;
    }
    *found = pg_rows_count(rows) > 0;
    pg_rows_free(rows);
    return true;
}

/* Searches for a value that several rows have; refuses the table if there is one. */
static bool find_duplicate(Worker *worker, const char *table, const char *relation,
                           const char *columns, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done = buffer_append_format(&sql, error,
                                     "SELECT ROW(%s)::text, count(*) FROM %s GROUP BY %s"
                                     " HAVING count(*) > 1 LIMIT 1",
                                     columns, relation, columns) &&
                pg_query(worker->connection, buffer_string(&sql), 0, NULL, &rows, error);

    if (done && pg_rows_count(rows) > 0) {
        error_set(error, EXIT_CODE_FAILED, "table \"%s\": %s rows have the same key (%s) = %.400s",
                  table, pg_rows_text(rows, 0, 1), columns, pg_rows_text(rows, 0, 0));
        done = error_hint(error, "Nothing was migrated. Keep one of the rows, then run again.");
    }
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

bool source_check_unique(Worker *worker, const char *table, const char *columns, Error *error)
{
    Buffer relation = {0};
    bool found;
    bool done =
        pg_schema_qualify(worker->connection, &worker->context->schema, table, &relation, error) &&
        has_unique_index(worker, buffer_string(&relation), columns, &found, error) &&
        (found || find_duplicate(worker, table, buffer_string(&relation), columns, error));

    buffer_free(&relation);
    return done;
}
