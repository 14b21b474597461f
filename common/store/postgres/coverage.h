/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the partitions of a KV table hold all keys.  lakeFS makes 100 of them, by hash; of a
 * table from which one was detached or dropped, entries are missing, and others cannot be written.
 */
#ifndef COMMON_STORE_POSTGRES_COVERAGE_H
#define COMMON_STORE_POSTGRES_COVERAGE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/schema.h"

/* Refuses a table whose partitions do not cover all keys, and names what it has.  A table that is
 * not partitioned by hash, has no partitions at all or is not there, is none of them.
 * EXIT_CODE_REFUSED. */
bool coverage_check(PgConnection *connection, const PgSchema *schema, const char *table,
                    Error *error);

#endif
