/*
 * The seam for packages: a part of lakeFS that owns legacy tables, and how they become entries.
 *
 * A package is one file with a Package and one line in the table of legacy.c.  Its work is cut into
 * units that may run at the same time on different workers, all of them in one snapshot.
 */
#ifndef EXPORT_PACKAGE_H
#define EXPORT_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "export/legacy/source.h"
#include "export/worker.h"

typedef struct Package Package;

/* A piece of work that does not depend on others.  The entries of all units stand in the dump in
 * the order of the units, whoever works on them. */
typedef struct Unit {
    const Package *package;
    size_t package_index; /* in the dump's header */
    void *state;          /* the package's, as prepared */
    int kind;             /* what it is to the package */
    PgPageRange range;    /* what is read, where the kind does not say it all; owned */
} Unit;

/* {0} is an empty list; end with unit_list_free. */
typedef struct UnitList {
    Unit *items;
    size_t count;
} UnitList;

struct Package {
    const char *name; /* as in the dump */

    /* The legacy tables that it owns, NULL behind the last, in an order in which each may be
     * dropped before the ones behind it. */
    const char *const *tables;

    /* Reads what units need to know of each other, and adds the units.  Runs once, before anything
     * is written; *state is handed to the units, and to free_state even after a failure.  What it
     * reads is not counted. */
    bool (*prepare)(Worker *worker, void **state, UnitList *units, Error *error);

    /* Reads a unit's rows and writes their entries. */
    bool (*run)(Worker *worker, const Unit *unit, Error *error);

    /* May be NULL.  Takes NULL. */
    void (*free_state)(void *state);
};

extern const Package PACKAGE_ACTIONS;
extern const Package PACKAGE_AUTH;
extern const Package PACKAGE_GRAVELER;
extern const Package PACKAGE_MULTIPARTS;

/* Adds a unit that needs no range.  Package and state are filled in by the run. */
bool unit_list_add(UnitList *units, int kind, Error *error);

/* Adds units that together read a relation (qualified and quoted; it is copied) once, as
 * pg_page_ranges cuts it. */
bool unit_list_add_relation(UnitList *units, int kind, Worker *worker, const char *relation,
                            Error *error);
void unit_list_free(UnitList *units);

#endif
