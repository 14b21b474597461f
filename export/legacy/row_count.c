/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/row_count.h"

#include "common/base/json_memory.h"
#include "common/pg/page_range.h"
#include "common/store/legacy_tree.h"
#include "export/legacy/table_shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a query of the table, whose name follows the text. */
static bool query_table(PgConnection *connection, const PgSchema *schema, const char *text,
                        const char *table, PgRows **rows, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, text, error) &&
                pg_schema_qualify(connection, schema, table, &sql, error) &&
                pg_query(connection, buffer_string(&sql), 0, NULL, rows, error);

    buffer_free(&sql);
    return done;
}

/* Queries, of each table in the order of the list, whether its pages are more than one range. */
static bool query_sizes(PgConnection *connection, const PgSchema *schema, const TableRows *tables,
                        size_t count, PgRows **rows, Error *error)
{
    char pages[16];
    const char *parameters[] = {schema->name, NULL, pages};
    Buffer list = {0};
    bool done = true;

    for (size_t i = 0; done && i < count; i++) {
        done = buffer_append_format(&list, error, "%s%s", i == 0 ? "{" : ",", tables[i].table);
    }
    done = done && buffer_append_text(&list, "}", error);
    parameters[1] = buffer_string(&list);
    snprintf(pages, sizeof pages, "%d", (int)PG_RANGE_PAGES);
    done = done && pg_query(connection,
                            LEGACY_TREE
                            " SELECT coalesce(sum(pg_relation_size(t.oid)), 0)"
                            "  > $3::int8 * current_setting('block_size')::int8"
                            " FROM unnest($2::text[]) WITH ORDINALITY u (name, place)"
                            " LEFT JOIN tree t ON t.relname = u.name GROUP BY place ORDER BY place",
                            3, parameters, rows, error);
    buffer_free(&list);
    return done;
}

static bool is_leaf(const PgRows *leaves, const char *schema, const char *name)
{
    for (int i = 0; schema != NULL && name != NULL && i < pg_rows_count(leaves); i++) {
        if (strcmp(schema, pg_rows_text(leaves, i, 1)) == 0 &&
            strcmp(name, pg_rows_text(leaves, i, 2)) == 0) {
            return true;
        }
    }
    return false;
}

/* Counts the scans of a node of a plan and of those below it; false if one reads anything else than
 * a leaf. */
static bool scans_leaves(const json_t *node, const PgRows *leaves, int *scans)
{
    const json_t *plans = json_object_get(node, "Plans");
    const char *name = json_string_value(json_object_get(node, "Relation Name"));

    if (name != NULL) {
        (*scans)++;
        return plans == NULL &&
               is_leaf(leaves, json_string_value(json_object_get(node, "Schema")), name);
    }
    for (size_t i = 0; i < json_array_size(plans); i++) {
        if (!scans_leaves(json_array_get(plans, i), leaves, scans)) {
            return false;
        }
    }
    return true;
}

/* Whether the server would read just the leaves for all rows of the table. */
static bool reads_leaves(PgConnection *connection, const PgSchema *schema, const char *table,
                         bool *same, Error *error)
{
    PgRows *leaves = NULL;
    PgRows *plan = NULL;
    json_t *json = NULL;
    bool lacked = false;
    bool done =
        table_shape_leaves(connection, schema, table, &leaves, error) &&
        query_table(connection, schema, "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT FROM ",
                    table, &plan, error);

    *same = false;
    if (done) {
        int scans = 0;

        json = json_parse(slice_text(pg_rows_text(plan, 0, 0)), 0, NULL, &lacked);
        *same = scans_leaves(json_object_get(json_array_get(json, 0), "Plan"), leaves, &scans) &&
                scans == pg_rows_count(leaves);
    }
    json_decref(json);
    pg_rows_free(leaves);
    pg_rows_free(plan);
    return done && (!lacked || error_out_of_memory(error));
}

/* Appends the number of rows of a table to a list of expressions. */
static bool append_count(PgConnection *connection, const PgSchema *schema, const char *table,
                         Buffer *sql, Error *error)
{
    return buffer_append_text(sql, sql->size == 0 ? "SELECT " : ", ", error) &&
           buffer_append_text(sql, "(SELECT count(*) FROM ", error) &&
           pg_schema_qualify(connection, schema, table, sql, error) &&
           buffer_append_text(sql, ")", error);
}

static bool compare_rows(const TableRows *table, uint64_t count, Error *error)
{
    if (count == table->rows) {
        return true;
    }
    error_set(error, EXIT_CODE_FAILED,
              "table \"%s\": %" PRIu64 " rows were read, but it has %" PRIu64, table->table,
              table->rows, count);
    return error_hint(error, "Nothing was migrated. The table is not as the schema migrations "
                             "created it: look at its partitions.");
}

/* Counts the tables of `sql`, which are those with `counted`. */
static bool count_rows(PgConnection *connection, const char *sql, const TableRows *tables,
                       const bool *counted, size_t count, Error *error)
{
    PgRows *rows;
    bool done = true;
    int column = 0;

    if (!pg_query(connection, sql, 0, NULL, &rows, error)) {
        return false;
    }
    for (size_t i = 0; done && i < count; i++) {
        done = !counted[i] ||
               compare_rows(&tables[i], strtoull(pg_rows_text(rows, 0, column++), NULL, 10), error);
    }
    pg_rows_free(rows);
    return done;
}

bool row_count_check(PgConnection *connection, const PgSchema *schema, const TableRows *tables,
                     size_t count, Error *error)
{
    bool *counted = calloc(count + 1, sizeof *counted);
    PgRows *large = NULL;
    Buffer sql = {0};
    bool done = (counted != NULL || error_out_of_memory(error)) &&
                query_sizes(connection, schema, tables, count, &large, error);

    for (size_t i = 0; done && i < count; i++) {
        bool same = false;

        done = *pg_rows_text(large, (int)i, 0) != 't' ||
               reads_leaves(connection, schema, tables[i].table, &same, error);
        counted[i] = !same;
        done = done && (same || append_count(connection, schema, tables[i].table, &sql, error));
    }
    done = done && (sql.size == 0 ||
                    count_rows(connection, buffer_string(&sql), tables, counted, count, error));
    pg_rows_free(large);
    buffer_free(&sql);
    free(counted);
    return done;
}
