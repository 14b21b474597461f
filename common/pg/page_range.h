/*
 * Parts of a relation that several connections read at the same time: ranges of its pages.
 */
#ifndef COMMON_PG_PAGE_RANGE_H
#define COMMON_PG_PAGE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/connection.h"

/* Pages of a range: 8 MiB of a heap, so that a worker that runs ahead of its turn keeps little. */
enum { PG_RANGE_PAGES = 1024 };

/* A relation without its partitions or children, or some of its pages. */
typedef struct PgPageRange {
    const char *relation; /* qualified and quoted; NULL: none */
    uint64_t first_page;
    uint64_t end_page; /* behind the last page; 0: to the end */
} PgPageRange;

typedef bool PgPageRangeFunction(void *state, PgPageRange range, Error *error);

/* Hands ranges that together are the relation to `add`, one for each PG_RANGE_PAGES, so
 * that large tables are shared out evenly; one for all of it where the server would read all of it
 * for each.  Their relation is the caller's own text. */
bool pg_page_ranges(PgConnection *connection, const char *relation, PgPageRangeFunction *add,
                    void *state, Error *error);

/* Appends what stands behind FROM: "ONLY relation", with the condition for the pages. */
bool pg_page_range_append(const PgPageRange *range, Buffer *sql, Error *error);

#endif
