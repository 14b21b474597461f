/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of packages: parts of lakeFS that own legacy tables.  Each turns the rows of its
 * tables into entries.
 *
 * A package is one file with a Package, and one line in the table of legacy.c.  Its work is divided
 * into units that may run in parallel on different workers, all in one snapshot.
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

/* An independent piece of work.  The dump has the entries in the order of the units, whichever
 * workers run them. */
typedef struct Unit {
    const Package *package;
    size_t package_index; /* in the dump's header */
    void *state;          /* from the package's prepare */
    int kind;             /* its meaning is the package's */
    PgPageRange range;    /* what to read, if the kind alone does not say; owned */
} Unit;

/* {0} is an empty list; end with unit_list_free. */
typedef struct UnitList {
    Unit *items;
    size_t count;
} UnitList;

struct Package {
    const char *name; /* as in the dump */

    /* The legacy tables that it owns, ending with NULL, in an order in which they can be dropped.
     */
    const char *const *tables;

    /* Reads what all units need, and adds the units.  Called once, before anything is written.
     * *state is passed to the units, and to free_state even after a failure.  Its rows are not
     * counted. */
    bool (*prepare)(Worker *worker, void **state, UnitList *units, Error *error);

    /* Reads a unit's rows and writes their entries. */
    bool (*run)(Worker *worker, const Unit *unit, Error *error);

    /* May be NULL.  Accepts NULL. */
    void (*free_state)(void *state);
};

extern const Package PACKAGE_ACTIONS;
extern const Package PACKAGE_AUTH;
extern const Package PACKAGE_GRAVELER;
extern const Package PACKAGE_MULTIPARTS;

/* Adds a unit without a range.  Package and state are filled in after prepare. */
bool unit_list_add(UnitList *units, int kind, Error *error);

/* Adds units that together read a relation once, divided by pg_page_ranges.  `relation` is
 * qualified and quoted; it is copied. */
bool unit_list_add_relation(UnitList *units, int kind, Worker *worker, const char *relation,
                            Error *error);
void unit_list_free(UnitList *units);

#endif
