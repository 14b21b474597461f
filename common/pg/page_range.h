/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a relation into page ranges that several connections can read in parallel.
 */
#ifndef COMMON_PG_PAGE_RANGE_H
#define COMMON_PG_PAGE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/connection.h"

/* Pages per range: 8 MiB of heap, so that a worker ahead of its turn buffers little. */
enum { PG_RANGE_PAGES = 1024 };

/* A relation, without its partitions or children, or a range of its pages. */
typedef struct PgPageRange {
    const char *relation; /* schema-qualified and quoted; NULL: none */
    uint64_t first_page;
    uint64_t end_page; /* after the last page; 0: to the end */
    double percent;    /* of the relation's pages, at random places instead; 0: not so */
} PgPageRange;

typedef bool PgPageRangeFunction(void *state, PgPageRange range, Error *error);

/* Calls `add` with ranges that together cover the relation, one for every PG_RANGE_PAGES pages, so
 * that large tables are divided evenly.  On servers that would scan the whole relation for every
 * range there is just one.  The ranges borrow `relation`. */
bool pg_page_ranges(PgConnection *connection, const char *relation, PgPageRangeFunction *add,
                    void *state, Error *error);

/* The number of pages; 0 for a relation without storage, such as a foreign table. */
bool pg_page_count(PgConnection *connection, const char *relation, uint64_t *pages, Error *error);

/* A part of the relation to read as a sample, without reading the rest: `pages` pages from
 * `first_page` on, or, on servers that cannot do that, about as many at random places. */
PgPageRange pg_page_range_sample(const PgConnection *connection, const char *relation,
                                 uint64_t relation_pages, uint64_t first_page, uint64_t pages);

/* Appends the text after FROM: "ONLY relation" and what limits the pages. */
bool pg_page_range_append(const PgPageRange *range, Buffer *sql, Error *error);

#endif
