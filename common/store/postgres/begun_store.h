/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table kv without a version: empty, begun by lakeFS, or something else.
 *
 * A lakeFS from 0.80 on that is started on a database before the migration makes the table, and
 * writes an id and facts about itself into it, again at each start, and from 1.8 on counts of its
 * use.  Nothing refers to these rows, so a load may replace them.  Whoever has set that lakeFS up
 * has a version there, and rows that a load must not replace.
 *
 * Source: lakeFS 0.80.2, pkg/auth/metadata.go.
 */
#ifndef COMMON_STORE_POSTGRES_BEGUN_STORE_H
#define COMMON_STORE_POSTGRES_BEGUN_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"

typedef enum BegunStore {
    BEGUN_STORE_EMPTY, /* no row */
    BEGUN_STORE_BEGUN, /* only such rows */
    BEGUN_STORE_OTHER  /* other rows, too */
} BegunStore;

/* Looks at the rows of a table with the columns of a KV table; `table` is quoted and qualified.  In
 * the caller's transaction. */
bool begun_store_look(PgConnection *connection, const char *table, BegunStore *found, Error *error);

#endif
