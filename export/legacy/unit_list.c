/* SPDX-License-Identifier: Apache-2.0 */
#include "export/package.h"

#include <stdlib.h>
#include <string.h>

static bool add_unit(UnitList *units, Unit unit, Error *error)
{
    Unit *items = realloc(units->items, (units->count + 1) * sizeof *items);

    if (items == NULL) {
        return error_out_of_memory(error);
    }
    units->items = items;
    if (unit.range.relation != NULL) {
        unit.range.relation = strdup(unit.range.relation);
        if (unit.range.relation == NULL) {
            return error_out_of_memory(error);
        }
    }
    items[units->count++] = unit;
    return true;
}

bool unit_list_add(UnitList *units, int kind, Error *error)
{
    return add_unit(units, (Unit){.kind = kind}, error);
}

static bool add_range(void *state, PgPageRange range, Error *error)
{
    return add_unit(state, (Unit){.range = range}, error);
}

bool unit_list_add_relation(UnitList *units, int kind, Worker *worker, const char *relation,
                            Error *error)
{
    size_t first = units->count;
    bool done = pg_page_ranges(worker->connection, relation, add_range, units, error);

    for (size_t i = first; i < units->count; i++) {
        units->items[i].kind = kind;
    }
    return done;
}

void unit_list_free(UnitList *units)
{
    for (size_t i = 0; i < units->count; i++) {
        free((char *)units->items[i].range.relation);
    }
    free(units->items);
    *units = (UnitList){0};
}
