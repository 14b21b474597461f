/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relations that make up a KV table: partitions, indexes, and the view.
 */
#ifndef COMMON_STORE_POSTGRES_PARTS_H
#define COMMON_STORE_POSTGRES_PARTS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/*
 * SQL to begin a query with: common table expressions for the tables named $2 and $3 (NULL: none)
 * of schema $1.
 *
 * `tree` has the tables and their partitions, `parts` these and their indexes, and the view.
 * Columns: name (which of the two), oid, relkind, relname, quoted; is_named (the relation's name is
 * the table's, or begins with it) and suffix (what follows then).
 */
#define KV_PARTS                                                                                   \
    "WITH RECURSIVE tree AS (SELECT c.relname::text AS name, c.oid FROM pg_class c"                \
    "  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"                         \
    "  AND c.relname IN ($2::text, $3::text) AND c.relkind IN ('r', 'p')"                          \
    " UNION SELECT t.name, i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent),"     \
    " members AS (SELECT name, oid FROM tree"                                                      \
    " UNION SELECT t.name, i.indexrelid FROM pg_index i JOIN tree t ON t.oid = i.indrelid"         \
    " UNION SELECT t.name, r.ev_class FROM tree t JOIN pg_depend d ON d.refobjid = t.oid"          \
    "  AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass"             \
    "  JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class"                 \
    "  AND v.relkind = 'v' AND v.relname = t.name || '_v'),"                                       \
    " parts AS (SELECT m.name, m.oid, c.relkind, c.relname::text AS relname,"                      \
    "  format('%I.%I', n.nspname, c.relname) AS quoted,"                                           \
    "  c.relname = m.name OR left(c.relname, length(m.name) + 1) = m.name || '_' AS is_named,"     \
    "  substr(c.relname, length(m.name) + 1) AS suffix"                                            \
    "  FROM members m JOIN pg_class c ON c.oid = m.oid JOIN pg_namespace n"                        \
    "  ON n.oid = c.relnamespace) "

/* Runs such a query, with `first` and `second` (may be NULL) as the tables; the caller owns the
 * rows. */
bool kv_parts_query(PgConnection *connection, const char *sql, const PgSchema *schema,
                    const char *first, const char *second, PgRows **rows, Error *error);

/* The same, for a query that returns statements: runs these, too, together. */
bool kv_parts_execute(PgConnection *connection, const char *sql, const PgSchema *schema,
                      const char *first, const char *second, Error *error);

#endif
