/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves that an export has read every row: what was read of a table is compared with what the
 * server itself has in it.
 */
#ifndef EXPORT_LEGACY_ROW_COUNT_H
#define EXPORT_LEGACY_ROW_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* A legacy table, and how many rows of it were read. */
typedef struct TableRows {
    const char *table;
    uint64_t rows;
} TableRows;

/*
 * Compares the rows that were read of tables with their rows in the connection's snapshot, in all
 * their partitions.  EXIT_CODE_FAILED, with both numbers, where they differ.
 *
 * Counting again what takes long to read would cost several percent of an export, and as much again
 * of the disk's time.  So of a larger table the server is asked instead which relations it would
 * read for all rows: they must be the ones that were read, from their first page to their last.
 * Only if they are not, are the rows counted.
 */
bool row_count_check(PgConnection *connection, const PgSchema *schema, const TableRows *tables,
                     size_t count, Error *error);

#endif
