/*
 * The KV table of PostgreSQL: its shape, its version, and what may stand in its place.
 *
 * Source of the shape: KV model facts, "The table", "The version".  All functions work within a
 * transaction of the caller's.
 */
#ifndef COMMON_STORE_POSTGRES_KV_TABLE_H
#define COMMON_STORE_POSTGRES_KV_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/model.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

typedef struct KvTable {
    const PgSchema *schema; /* borrowed */
    const char *name;       /* borrowed */
    int partitions;
    char *table; /* schema and name, quoted; owned, as the following */
    char *view;
} KvTable;

/* Puts the names together.  End with kv_table_free, also after a failure. */
bool kv_table_init(KvTable *table, PgConnection *connection, const PgSchema *schema,
                   const char *name, int partitions, Error *error);

/* Finds out what is there.  EXIT_CODE_REFUSED for anything that is not lakeFS's or ours. */
bool kv_table_inspect(const KvTable *table, PgConnection *connection, KvStoreState *state,
                      uint64_t *version, Error *error);

/* Drops table, partitions and view, where they are there. */
bool kv_table_drop(const KvTable *table, PgConnection *connection, Error *error);

/* Makes the table with its partitions, without the primary key, and the view.  Autovacuum keeps off
 * the partitions until kv_table_allow_autovacuum: its locks would hold up what is done to them. */
bool kv_table_create(const KvTable *table, PgConnection *connection, Error *error);

bool kv_table_allow_autovacuum(const KvTable *table, PgConnection *connection, Error *error);

/* Appends the quoted name of a leaf partition. */
bool kv_table_append_leaf(const KvTable *table, PgConnection *connection, int number, Buffer *sql,
                          Error *error);

/* Adds the primary key; leaves that have theirs keep it, and it becomes part of the table's. */
bool kv_table_add_primary_key(const KvTable *table, PgConnection *connection, Error *error);

/* Writes the version's entry into an empty table; changes it from one version to another, false
 * with EXIT_CODE_REFUSED when it is not at the former. */
bool kv_table_insert_version(const KvTable *table, PgConnection *connection, uint64_t version,
                             Error *error);
bool kv_table_change_version(const KvTable *table, PgConnection *connection, uint64_t from,
                             uint64_t to, Error *error);

/* Runs a statement in which each {table}, {view} stands for the quoted name.  `affected` (may be
 * NULL) gets the command tag's count. */
bool kv_table_execute(const KvTable *table, PgConnection *connection, const char *sql,
                      uint64_t *affected, Error *error);

void kv_table_free(KvTable *table);

#endif
