/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of the legacy tables: tables, whole or partitioned, of which every row can be read and
 * which can be dropped as what was read.  See LEGACY-SCHEMA.md, "Tables".
 */
#ifndef EXPORT_LEGACY_TABLE_SHAPE_H
#define EXPORT_LEGACY_TABLE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"
#include "export/package.h"

/*
 * Refuses with EXIT_CODE_REFUSED, naming table and relation: a view or a foreign table, also as a
 * partition, in place of a table; a table with children by inheritance; and row-level security that
 * applies to the role.  Says nothing of a table that is missing.  Requires a transaction.
 */
bool table_shape_check(PgConnection *connection, const PgSchema *schema,
                       const Package *const *packages, size_t package_count, Error *error);

/* The relations that hold the rows of a table: itself, or the leaves of its partitions at any
 * depth, in a fixed order.  Columns: the qualified and quoted name, the schema, the name. */
bool table_shape_leaves(PgConnection *connection, const PgSchema *schema, const char *table,
                        PgRows **leaves, Error *error);

#endif
