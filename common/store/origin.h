/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a dump comes from the very database that it is loaded into: the cluster, the database and
 * the legacy tables, by their identifiers, not their names.
 *
 * A database that has legacy tables takes no dump of another one: their rows would be in no KV
 * store, and a cleanup would drop them.
 */
#ifndef COMMON_STORE_ORIGIN_H
#define COMMON_STORE_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* Refuses a dump of another database or schema, or one that is not complete, with
 * EXIT_CODE_REFUSED, if the schema has legacy tables.  Call it within a transaction.
 *
 * A copy of a whole cluster has the same identifiers.  It is recognized only if the dump's snapshot
 * is ahead of its transactions. */
bool origin_check(PgConnection *connection, const PgSchema *schema, const DumpHeader *header,
                  Error *error);

/* Refuses a schema without legacy tables, with EXIT_CODE_REFUSED, if other schemas of the database
 * have some: a store there would migrate nothing, and what it is loaded from would not be checked.
 * Call it within a transaction. */
bool origin_check_schema(PgConnection *connection, const PgSchema *schema, Error *error);

/* Appends `database "...", OID n, schema "...", cluster n`, with names made printable.  An OID of 0
 * and a cluster of "" are unknown. */
bool origin_append(Buffer *text, const char *database, uint32_t oid, const char *schema,
                   const char *system_identifier, Error *error);

#endif
