#include "export/package.h"

#include <stdlib.h>
#include <string.h>

/* Pages of a unit: 8 MiB of a heap, so that a worker that runs ahead of its turn keeps little. */
enum { UNIT_PAGES = 1024 };

/* From here on the server finds a range of pages without reading the others. */
enum { TID_RANGE_SCAN_VERSION = 140000 };

static bool add_unit(UnitList *units, Unit unit, const char *relation, Error *error)
{
    Unit *items = realloc(units->items, (units->count + 1) * sizeof *items);

    if (items == NULL) {
        return error_out_of_memory(error);
    }
    units->items = items;
    if (relation != NULL) {
        unit.range.relation = strdup(relation);
        if (unit.range.relation == NULL) {
            return error_out_of_memory(error);
        }
    }
    items[units->count++] = unit;
    return true;
}

bool unit_list_add(UnitList *units, int kind, Error *error)
{
    return add_unit(units, (Unit){.kind = kind}, NULL, error);
}

/* The pages of a relation; 0 for one that has none, such as a foreign table. */
static bool count_pages(Worker *worker, const char *relation, uint64_t *pages, Error *error)
{
    const char *parameters[] = {relation};
    PgRows *rows;

    if (!pg_query(worker->connection,
                  "SELECT coalesce(pg_relation_size($1::regclass), 0)"
                  " / current_setting('block_size')::int8",
                  1, parameters, &rows, error)) {
        return false;
    }
    *pages = strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
    pg_rows_free(rows);
    return true;
}

bool unit_list_add_relation(UnitList *units, int kind, Worker *worker, const char *relation,
                            Error *error)
{
    uint64_t pages = 0;
    uint64_t first = 0;

    if (pg_server_version(worker->connection) >= TID_RANGE_SCAN_VERSION &&
        !count_pages(worker, relation, &pages, error)) {
        return false;
    }
    for (; pages - first > UNIT_PAGES && pages > first; first += UNIT_PAGES) {
        Unit unit = {.kind = kind, .range = {.first_page = first, .end_page = first + UNIT_PAGES}};

        if (!add_unit(units, unit, relation, error)) {
            return false;
        }
    }
    /* The last one has no end: the relation may have grown. */
    return add_unit(units, (Unit){.kind = kind, .range = {.first_page = first}}, relation, error);
}

void unit_list_free(UnitList *units)
{
    for (size_t i = 0; i < units->count; i++) {
        free(units->items[i].range.relation);
    }
    free(units->items);
    *units = (UnitList){0};
}
