/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy tables in the server's catalog, with what belongs to them.
 */
#ifndef COMMON_STORE_LEGACY_TREE_H
#define COMMON_STORE_LEGACY_TREE_H

/*
 * The beginning of a query: `tree` has a row for each existing legacy table and for each of its
 * partitions and children, with the columns oid, root (the legacy table's oid) and relname (its
 * name).  $1 is the schema, $2 the names of the tables, of type text[].
 */
#define LEGACY_TREE                                                                                \
    "WITH RECURSIVE tree AS (SELECT c.oid, c.oid AS root, c.relname FROM pg_class c"               \
    " JOIN pg_namespace n ON n.oid = c.relnamespace"                                               \
    " WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])"                                       \
    " UNION ALL SELECT i.inhrelid, t.root, t.relname FROM pg_inherits i"                           \
    " JOIN tree t ON t.oid = i.inhparent) "

#endif
