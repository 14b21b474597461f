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

typedef struct Ranges {
    UnitList *units;
    int kind;
} Ranges;

static bool add_range(void *state, PgPageRange range, Error *error)
{
    const Ranges *ranges = state;

    return add_unit(ranges->units, (Unit){.kind = ranges->kind, .range = range}, error);
}

bool unit_list_add_relation(UnitList *units, int kind, Worker *worker, const char *relation,
                            Error *error)
{
    Ranges ranges = {units, kind};

    return pg_page_ranges(worker->connection, relation, add_range, &ranges, error);
}

void unit_list_free(UnitList *units)
{
    for (size_t i = 0; i < units->count; i++) {
        free((char *)units->items[i].range.relation);
    }
    free(units->items);
    *units = (UnitList){0};
}
