/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads legacy tables: runs a query as COPY BINARY and passes its rows, one by one, to a function.
 */
#ifndef EXPORT_LEGACY_SOURCE_H
#define EXPORT_LEGACY_SOURCE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/page_range.h"
#include "export/legacy/source_row.h"
#include "export/worker.h"

typedef bool SourceRowFunction(SourceRow *row, void *state, Error *error);

/* Reads all rows of a range (NULL: the query has none) and passes each to `function`; what that
 * allocates from the worker's arena lasts until the next row.  Rows are counted only if the worker
 * writes a dump.  With checks_only, only checks the query and its columns. */
bool source_read(Worker *worker, const SourceQuery *query, const PgPageRange *range,
                 SourceRowFunction *function, void *state, Error *error);

/* Refuses a table in which several rows, in any of its partitions, have the same values in
 * `columns` (comma-separated, as in SQL).  A valid unique index on exactly these columns is proof
 * enough; else a query searches for duplicates. */
bool source_check_unique(Worker *worker, const char *table, const char *columns, Error *error);

#endif
