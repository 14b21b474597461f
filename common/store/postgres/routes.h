/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps partition keys to leaf partitions.
 *
 * The server computes the mapping, so its hash function need not be known here.  It is queried once
 * per partition key, of which there are few (a staging token has thousands of entries).
 */
#ifndef COMMON_STORE_POSTGRES_ROUTES_H
#define COMMON_STORE_POSTGRES_ROUTES_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/pg/connection.h"
#include "common/store/postgres/kv_table.h"

typedef struct Routes Routes;

bool routes_new(const KvTable *table, Routes **routes, Error *error);

/* Returns the leaf of a partition key; -1 if it is not known yet. */
int routes_find(const Routes *routes, Slice partition_key);

/* Adds a partition key for routes_resolve.  Its bytes are copied. */
bool routes_add_unknown(Routes *routes, Slice partition_key, Error *error);

/* Queries the server for the leaves of the added keys.  Call it within a transaction. */
bool routes_resolve(Routes *routes, PgConnection *connection, Error *error);

/* Takes NULL. */
void routes_free(Routes *routes);

#endif
