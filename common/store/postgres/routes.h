/*
 * Which leaf partition a partition key belongs to.
 *
 * The server says it: there are few partition keys (a staging token has thousands of entries), so
 * it is asked once for each, and its hash function is nobody else's business.
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

/* The number of the leaf of a partition key; -1 when it is not known yet. */
int routes_find(const Routes *routes, Slice partition_key);

/* Notes a partition key that is to be asked for.  Its bytes are copied. */
bool routes_add_unknown(Routes *routes, Slice partition_key, Error *error);

/* Asks the server for the wanted ones.  Within a transaction. */
bool routes_resolve(Routes *routes, PgConnection *connection, Error *error);

/* Takes NULL. */
void routes_free(Routes *routes);

#endif
