/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that a KV table needs beside its own: those of its partitions and of its view.
 *
 * Whoever renames a KV table alone leaves its partitions behind, in the way of the next one.
 */
#ifndef COMMON_STORE_POSTGRES_TAKEN_NAMES_H
#define COMMON_STORE_POSTGRES_TAKEN_NAMES_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* Finds a relation that has such a name and is no part of the existing table `name` ("kv"), if that
 * exists.  *relation is its name, malloced; NULL: there is none. */
bool taken_names_find(PgConnection *connection, const PgSchema *schema, const char *name,
                      char **relation, Error *error);

/* Appends a statement that moves all that has the table's name, or one that it needs, to a new
 * schema: to be shown and run.  Then nothing is in the way of a new table.  With `strays_only` the
 * existing table stays, with its partitions and its view: what taken_names_find finds goes. */
bool taken_names_append_move(PgConnection *connection, const PgSchema *schema, const char *name,
                             bool strays_only, Buffer *sql, Error *error);

/* Where there is no table `name` yet, finds a type that is no table's and has a name that one
 * needs: each table has a type of its name.  *type is malloced; NULL: none. */
bool taken_names_find_type(PgConnection *connection, const PgSchema *schema, const char *name,
                           char **type, Error *error);

#endif
