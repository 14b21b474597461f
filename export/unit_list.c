#include "export/package.h"

#include <stdlib.h>
#include <string.h>

bool unit_list_add(UnitList *units, int kind, const char *relation, uint64_t weight, Error *error)
{
    Unit *items = realloc(units->items, (units->count + 1) * sizeof *items);
    Unit *unit;

    if (items == NULL) {
        return error_out_of_memory(error);
    }
    units->items = items;
    unit = &items[units->count];
    *unit = (Unit){.kind = kind, .weight = weight};
    if (relation != NULL) {
        unit->relation = strdup(relation);
        if (unit->relation == NULL) {
            return error_out_of_memory(error);
        }
    }
    units->count++;
    return true;
}

void unit_list_free(UnitList *units)
{
    for (size_t i = 0; i < units->count; i++) {
        free(units->items[i].relation);
    }
    free(units->items);
    *units = (UnitList){0};
}
