/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store that was in use before the present one: kept as a table "kv_before_20261128_210805",
 * with a record, in the table's comment, of what must be restored with it.
 *
 * All functions run in the caller's transaction.
 */
#ifndef COMMON_STORE_POSTGRES_KEPT_H
#define COMMON_STORE_POSTGRES_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "common/store/postgres/aside.h"

/* Names have this between the table's and the time. */
#define KEPT_WORD "before"

typedef struct KeptStore {
    char name[KV_ASIDE_NAME_SIZE]; /* "": none */
    uint64_t bytes;                /* with indexes, as the last VACUUM or ANALYZE found it */
} KeptStore;

/* Finds the latest kept store of the table `name`; others do not pass for one, whatever their
 * name.  Waits for nobody. */
bool kept_store_find(PgConnection *connection, const PgSchema *schema, const char *name,
                     KeptStore *kept, Error *error);

/* Drops all kept stores of the table but `except`. */
bool kept_store_drop(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *except, Error *error);

/* Reads what must be recorded of the table in use, before anything of it is changed: its comment,
 * and version and comment of schema_migrations.  *record is malloced. */
bool kept_record_read(PgConnection *connection, const PgSchema *schema, const char *name,
                      char **record, Error *error);

/* Attaches the record to the table. */
bool kept_record_write(PgConnection *connection, const PgSchema *schema, const char *name,
                       const char *record, Error *error);

/* Restores what is recorded with the table `kept`, which loses its record. */
bool kept_record_restore(PgConnection *connection, const PgSchema *schema, const char *kept,
                         Error *error);

#endif
