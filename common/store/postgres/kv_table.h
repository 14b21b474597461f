/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KV table in PostgreSQL: its structure, its version, and what may exist in its place.
 *
 * Source: common/kv/KV-MODEL.md, "The table" and "The version".  All functions run in the caller's
 * transaction.
 */
#ifndef COMMON_STORE_POSTGRES_KV_TABLE_H
#define COMMON_STORE_POSTGRES_KV_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/model.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/store/owner.h"

typedef struct KvTable {
    const PgSchema *schema; /* borrowed */
    const char *name;       /* borrowed */
    int partitions;
    char *table; /* schema and name, quoted; owned, like the view */
    char *view;
} KvTable;

/* Builds the names.  End with kv_table_free, also after a failure. */
bool kv_table_init(KvTable *table, PgConnection *connection, const PgSchema *schema,
                   const char *name, int partitions, Error *error);

/* Inspects what exists.  EXIT_CODE_REFUSED for anything that is not a KV table, and for one with
 * entries and no version, unless they are those of KV_STORE_BEGUN (begun_store.h). */
bool kv_table_inspect(const KvTable *table, PgConnection *connection, KvStoreState *state,
                      uint64_t *version, Error *error);

/* Drops table, partitions and view, if they exist. */
bool kv_table_drop(const KvTable *table, PgConnection *connection, Error *error);

/* Reads the rights that other roles than the owner have on the existing table and its view, as
 * GRANT statements; appends nothing if it does not exist. */
bool kv_table_read_grants(const KvTable *table, PgConnection *connection, Buffer *sql,
                          Error *error);

/* Creates the table with its partitions, but without the primary key, and the view, all of which
 * belong to `owner`.  Autovacuum is off for the partitions until kv_table_allow_autovacuum, as its
 * locks would delay work on them. */
bool kv_table_create(const KvTable *table, PgConnection *connection, const Owner *owner,
                     Error *error);

bool kv_table_allow_autovacuum(const KvTable *table, PgConnection *connection, Error *error);

/* Appends the quoted name of a leaf partition. */
bool kv_table_append_leaf(const KvTable *table, PgConnection *connection, int number, Buffer *sql,
                          Error *error);

/* Adds the primary key; the existing ones of leaves become part of it. */
bool kv_table_add_primary_key(const KvTable *table, PgConnection *connection, Error *error);

/* Insert the version into an empty table, and change it from one to another; the latter fails with
 * EXIT_CODE_REFUSED when the version is not `from`. */
bool kv_table_insert_version(const KvTable *table, PgConnection *connection, uint64_t version,
                             Error *error);
bool kv_table_change_version(const KvTable *table, PgConnection *connection, uint64_t from,
                             uint64_t to, Error *error);

/* Runs a statement with {table} and {view} replaced by the quoted names.  `affected` (may be NULL)
 * receives the row count of the command tag. */
bool kv_table_execute(const KvTable *table, PgConnection *connection, const char *sql,
                      uint64_t *affected, Error *error);

void kv_table_free(KvTable *table);

#endif
