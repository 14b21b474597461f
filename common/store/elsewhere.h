/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other schemas of a database that hold a lakeFS: the one that was named may be the wrong one.
 */
#ifndef COMMON_STORE_ELSEWHERE_H
#define COMMON_STORE_ELSEWHERE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"

typedef enum ElsewhereWhat {
    ELSEWHERE_TABLES,          /* legacy tables */
    ELSEWHERE_TABLES_OR_STORE, /* or a KV store */
} ElsewhereWhat;

/* Finds the schemas other than `schema` that hold that, as `schema "lakefs"`, separated by commas;
 * the first one's name goes to *first.  Both are malloced, also after a failure, "" if there is
 * none.  Call it within a transaction. */
bool elsewhere_find(PgConnection *connection, const char *schema, ElsewhereWhat what,
                    char **schemas, char **first, Error *error);

#endif
