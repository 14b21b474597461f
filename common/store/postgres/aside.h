/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renames KV tables: one is put aside, for whoever may want it back, and another one may take its
 * place.
 */
#ifndef COMMON_STORE_POSTGRES_ASIDE_H
#define COMMON_STORE_POSTGRES_ASIDE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

enum { KV_ASIDE_NAME_SIZE = 64 };

/* Appends to `name` ("kv") a word and the time by the server's clock:
 * "kv_reverted_20261128_210805"; the next second that no relation is named after. */
bool kv_aside_name(PgConnection *connection, const PgSchema *schema, const char *name,
                   const char *word, char aside[KV_ASIDE_NAME_SIZE], Error *error);

/* Renames the table, and with it its partitions, indexes, constraints and view, whose names begin
 * with the table's; nothing is left in the way of a new table of the old name.  In the caller's
 * transaction; waits for readers and writers as long as lock_timeout allows. */
bool kv_aside_rename(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *aside, Error *error);

#endif
