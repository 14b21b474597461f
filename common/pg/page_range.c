/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/page_range.h"

#include <inttypes.h>
#include <stdlib.h>

/* Since PostgreSQL 14 (TID range scans) the server reads only the pages of a range. */
enum { TID_RANGE_SCAN_VERSION = 140000 };

bool pg_page_count(PgConnection *connection, const char *relation, uint64_t *pages, Error *error)
{
    const char *parameters[] = {relation};
    PgRows *rows;

    if (!pg_query(connection,
                  "SELECT coalesce(pg_relation_size($1::regclass), 0)"
                  " / current_setting('block_size')::int8",
                  1, parameters, &rows, error)) {
        return false;
    }
    *pages = strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
    pg_rows_free(rows);
    return true;
}

bool pg_page_ranges(PgConnection *connection, const char *relation, PgPageRangeFunction *add,
                    void *state, Error *error)
{
    uint64_t pages = 0;
    uint64_t first = 0;

    if (pg_server_version(connection) >= TID_RANGE_SCAN_VERSION &&
        !pg_page_count(connection, relation, &pages, error)) {
        return false;
    }
    for (; pages - first > PG_RANGE_PAGES && pages > first; first += PG_RANGE_PAGES) {
        PgPageRange range = {relation, first, first + PG_RANGE_PAGES, 0};

        if (!add(state, range, error)) {
            return false;
        }
    }
    /* The last range is open-ended: the relation may have grown. */
    return add(state, (PgPageRange){relation, first, 0, 0}, error);
}

PgPageRange pg_page_range_sample(const PgConnection *connection, const char *relation,
                                 uint64_t relation_pages, uint64_t first_page, uint64_t pages)
{
    PgPageRange range = {relation, first_page, first_page + pages, 0};

    if (pg_server_version(connection) < TID_RANGE_SCAN_VERSION) {
        range.percent = 100.0 * (double)pages / (double)relation_pages;
    }
    return range;
}

bool pg_page_range_append(const PgPageRange *range, Buffer *sql, Error *error)
{
    if (!buffer_append_format(sql, error, "ONLY %s", range->relation)) {
        return false;
    }
    if (range->percent > 0) {
        /* Another seed for each range: other pages. */
        return buffer_append_format(sql, error,
                                    " TABLESAMPLE SYSTEM (%.9f) REPEATABLE (%" PRIu64 ")",
                                    range->percent, range->first_page);
    }
    if (range->first_page > 0 || range->end_page > 0) {
        if (!buffer_append_format(sql, error, " WHERE ctid >= '(%" PRIu64 ",0)'::tid",
                                  range->first_page)) {
            return false;
        }
    }
    return range->end_page == 0 ||
           buffer_append_format(sql, error, " AND ctid < '(%" PRIu64 ",0)'::tid", range->end_page);
}
