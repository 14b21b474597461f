/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A range of a KV table: the entries of a partition key whose keys begin alike.  The primary key
 * leads to them.  All functions run in the caller's transaction.
 */
#ifndef COMMON_STORE_POSTGRES_RANGE_H
#define COMMON_STORE_POSTGRES_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/ranges.h"

/* See StoreRanges. */
bool kv_range_read(const KvTable *table, PgConnection *connection, Slice partition, Slice prefix,
                   EntryFunction *function, void *state, Error *error);

/* Deletes the entries; *count is their number. */
bool kv_range_delete(const KvTable *table, PgConnection *connection, Slice partition, Slice prefix,
                     uint64_t *count, Error *error);

/* Appends a literal of type bytea. */
bool kv_append_bytea(Buffer *sql, Slice bytes, Error *error);

#endif
