/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that inherit from a legacy table, other than as its partitions.  Such a child is no
 * lakeFS's: a row of it may be in the legacy table's place, or something of the user's own.  So it
 * is neither read nor dropped, nor is anybody advised to drop it.
 */
#ifndef COMMON_STORE_INHERITED_H
#define COMMON_STORE_INHERITED_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* Refuses a legacy table with a child: EXIT_CODE_REFUSED.  `child` is its qualified and quoted
 * name. The hint is for whoever wants the child's rows to be migrated. */
bool inherited_refuse(const PgSchema *schema, const char *table, const char *child, Error *error);

/* The same for the first child of any table of `tables`, a literal of type text[].  With `keep`
 * the hint is for whoever wants to drop the legacy tables after a migration. */
bool inherited_check(PgConnection *connection, const PgSchema *schema, const char *tables,
                     bool keep, Error *error);

#endif
