/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the entries in which two stores differ: first add the entries of one store, then compare
 * those of the other with them.
 */
#ifndef IMPORT_VERIFY_DIFFERENCES_H
#define IMPORT_VERIFY_DIFFERENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/entry.h"

typedef enum DifferenceKind {
    DIFFERENCE_MISSING, /* only the first store has it */
    DIFFERENCE_EXTRA,   /* only the second has it */
    DIFFERENCE_VALUE,   /* both have it, with different values (entry_digest.h) */
    DIFFERENCE_KINDS
} DifferenceKind;

typedef struct Difference {
    DifferenceKind kind;
    Slice partition_key;
    Slice key;
} Difference;

typedef struct Differences Differences;

bool differences_new(Differences **differences, Error *error);

/* Adds an entry of the first store; its bytes are copied.  Not after the first differences_compare.
 */
bool differences_add(Differences *differences, const Entry *entry, Error *error);

/* Compares an entry of the second store with those of the first. */
bool differences_compare(Differences *differences, const Entry *entry, Error *error);

/* Ends the comparison: sets `counts` of each kind, and *list to the differences, sorted by the
 * bytes of partition key and key.  The list belongs to the object. */
bool differences_finish(Differences *differences, uint64_t counts[DIFFERENCE_KINDS],
                        const Difference **list, size_t *size, Error *error);

/* Accepts NULL. */
void differences_free(Differences *differences);

#endif
