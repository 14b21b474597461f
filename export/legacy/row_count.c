/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/row_count.h"

#include "common/base/json_memory.h"
#include "common/pg/page_range.h"
#include "export/legacy/source.h"
#include "export/legacy/table_shape.h"

#include <inttypes.h>
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

/* Whether the table's pages are more than one range. */
static bool is_large(PgConnection *connection, const PgSchema *schema, const char *table,
                     bool *large, Error *error)
{
    const char *parameters[] = {schema->name, table};
    PgRows *rows;

    if (!pg_query(connection,
                  SOURCE_TREE "SELECT coalesce(sum(pg_relation_size(oid)), 0)::int8"
                              " / current_setting('block_size')::int8 FROM tree",
                  2, parameters, &rows, error)) {
        return false;
    }
    *large = strtoull(pg_rows_text(rows, 0, 0), NULL, 10) > PG_RANGE_PAGES;
    pg_rows_free(rows);
    return true;
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

static bool count_rows(PgConnection *connection, const PgSchema *schema, const char *table,
                       uint64_t rows_read, Error *error)
{
    PgRows *rows;
    uint64_t count;

    if (!query_table(connection, schema, "SELECT count(*) FROM ", table, &rows, error)) {
        return false;
    }
    count = strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
    pg_rows_free(rows);
    if (count == rows_read) {
        return true;
    }
    error_set(error, EXIT_CODE_FAILED,
              "table \"%s\": %" PRIu64 " rows were read, but it has %" PRIu64, table, rows_read,
              count);
    return error_hint(error, "Nothing was migrated. The table is not as the schema migrations "
                             "created it: look at its partitions.");
}

bool row_count_check(PgConnection *connection, const PgSchema *schema, const char *table,
                     uint64_t rows_read, Error *error)
{
    bool large;
    bool same = false;

    return is_large(connection, schema, table, &large, error) &&
           (!large || reads_leaves(connection, schema, table, &same, error)) &&
           (same || count_rows(connection, schema, table, rows_read, error));
}
