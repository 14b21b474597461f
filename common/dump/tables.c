/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/tables.h"

#include "common/dump/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dump_tables_add(DumpTables *tables, const char *name, uint32_t oid, Error *error)
{
    DumpTable *items;

    if (tables->count >= DUMP_MAX_TABLES) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "there are more than %d legacy tables and partitions", DUMP_MAX_TABLES);
    }
    /* There is room for the next power of two. */
    if ((tables->count & (tables->count - 1)) == 0) {
        items =
            realloc(tables->items, (tables->count == 0 ? 1 : 2 * tables->count) * sizeof *items);
        if (items == NULL) {
            return error_out_of_memory(error);
        }
        tables->items = items;
    }
    items = tables->items;
    items[tables->count] = (DumpTable){.oid = oid};
    snprintf(items[tables->count].name, DUMP_TABLE_NAME_SIZE, "%s", name);
    tables->count++;
    return true;
}

const DumpTable *dump_tables_find(const DumpTables *tables, const char *name, size_t *count)
{
    const DumpTable *first = NULL;

    *count = 0;
    for (size_t i = 0; i < tables->count; i++) {
        if (strcmp(tables->items[i].name, name) == 0) {
            first = first == NULL ? &tables->items[i] : first;
            (*count)++;
        }
    }
    return first;
}

json_t *dump_tables_encode(const DumpTables *tables)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < tables->count; i++) {
        const DumpTable *table = &tables->items[i];
        json_t *oids = json_object_get(object, table->name);

        if ((oids == NULL &&
             (oids = json_array(), json_object_set_new(object, table->name, oids) != 0)) ||
            json_array_append_new(oids, json_integer(table->oid)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static bool wrong(Error *error)
{
    return error_set(error, EXIT_CODE_DUMP,
                     "the member \"tables\" is not an object of names and lists of OIDs");
}

bool dump_tables_decode(const json_t *object, DumpTables *tables, Error *error)
{
    const char *name;
    json_t *oids;

    *tables = (DumpTables){0};
    if (!json_is_object(object)) {
        return wrong(error);
    }
    /* The macro takes no const. */
    json_object_foreach((json_t *)(uintptr_t)object, name, oids)
    {
        if (!DUMP_FIELD_TABLE_WORD.check(name) || json_array_size(oids) == 0 ||
            tables->count + json_array_size(oids) > DUMP_MAX_TABLES) {
            return wrong(error);
        }
        for (size_t i = 0; i < json_array_size(oids); i++) {
            const json_t *oid = json_array_get(oids, i);

            if (json_integer_value(oid) < 1 || json_integer_value(oid) > UINT32_MAX) {
                return wrong(error);
            }
            if (!dump_tables_add(tables, name, (uint32_t)json_integer_value(oid), error)) {
                return false;
            }
        }
    }
    return true;
}

void dump_tables_free(DumpTables *tables)
{
    free(tables->items);
    *tables = (DumpTables){0};
}
