/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a KV table like the one whose place it is to take: what administrators have set for the
 * table, its partitions, indexes and view.  Parts match by what follows the table's name in theirs.
 * The table's owner is owner.h's business; what cannot be copied is that of obstacles.h.
 *
 * All functions run in the caller's transaction, as an owner of both.
 */
#ifndef COMMON_STORE_POSTGRES_LIKENESS_H
#define COMMON_STORE_POSTGRES_LIKENESS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* Before anything is loaded: tablespaces, what is unlogged, and how columns are stored and
 * analyzed. */
bool likeness_copy_storage(PgConnection *connection, const PgSchema *schema, const char *from,
                           const char *to, Error *error);

/* Once there are indexes: owners of parts, storage parameters, rights, comments (but the table's
 * own), replica identity, marks of CLUSTER, tablespaces of indexes.  Warns of rights whose grantor
 * is another one now. */
bool likeness_copy_rights(PgConnection *connection, const PgSchema *schema, const char *from,
                          const char *to, Error *error);

/* Puts one in the other's place in publications; warns of that. */
bool likeness_move_publications(PgConnection *connection, const PgSchema *schema, const char *from,
                                const char *to, Error *error);

#endif
