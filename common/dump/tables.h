/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy tables that a dump was read from, by their OIDs, which no other table of the database
 * has: names may change hands.  FORMAT.md, "Header".
 */
#ifndef COMMON_DUMP_TABLES_H
#define COMMON_DUMP_TABLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

/* Far more than a legacy database has, and a header with so many is no larger than a JSON frame may
 * be. */
enum { DUMP_MAX_TABLES = 32768, DUMP_TABLE_NAME_SIZE = 64 };

/* A table, or one of its partitions or children, which bear the name of the table here. */
typedef struct DumpTable {
    char name[DUMP_TABLE_NAME_SIZE];
    uint32_t oid;
} DumpTable;

/* The items of a name follow each other: the table itself first, then its partitions and children
 * in ascending order.  {0} is empty; end with dump_tables_free. */
typedef struct DumpTables {
    DumpTable *items; /* owned */
    size_t count;
} DumpTables;

/* Appends an item. */
bool dump_tables_add(DumpTables *tables, const char *name, uint32_t oid, Error *error);

/* Returns the items of that name and their number; NULL and 0 if there are none. */
const DumpTable *dump_tables_find(const DumpTables *tables, const char *name, size_t *count);

/* Encodes them as an object: each name with an array of OIDs.  The caller owns it; NULL when out of
 * memory. */
json_t *dump_tables_encode(const DumpTables *tables);

/* Decodes such an object.  EXIT_CODE_DUMP when it is not one.  End with dump_tables_free, also
 * after a failure. */
bool dump_tables_decode(const json_t *object, DumpTables *tables, Error *error);

void dump_tables_free(DumpTables *tables);

#endif
