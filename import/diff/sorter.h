/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs the entries of two stores, in sorted order, and returns those that differ.
 *
 * Holds a limited amount of entries in memory; what goes beyond is sorted and written to a
 * temporary file, and merged at the end.
 *
 * Call sorter_new; sorter_add from any thread; sorter_finish; then sorter_next until the end.
 */
#ifndef IMPORT_DIFF_SORTER_H
#define IMPORT_DIFF_SORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/kv/entry.h"
#include "import/diff/record.h"

/* The memory that a program should spend on a sorter. */
enum { SORTER_MEMORY = 32 * 1024 * 1024 };

/* An entry that only one of the stores has, or that has different values in them. */
typedef struct Difference {
    bool has_old;
    bool has_new;
    Entry old_entry; /* if has_old */
    Entry new_entry; /* if has_new */
} Difference;

/* The entry of a difference, the new one if there is one. */
const Entry *difference_entry(const Difference *difference);

typedef struct Sorter Sorter;

/* `memory` is the size of the entries, in bytes, beyond which they go to a file. */
bool sorter_new(size_t memory, Sorter **sorter, Error *error);

/* Adds an entry; its bytes are copied. */
bool sorter_add(Sorter *sorter, DiffSide side, const Entry *entry, Error *error);

bool sorter_finish(Sorter *sorter, Error *error);

/* Returns the next difference, valid until the next call.  After the last one, *end is set instead.
 * Entries whose messages are equal (entry_digest.h) do not differ. */
bool sorter_next(Sorter *sorter, Difference *difference, bool *end, Error *error);

/* Accepts NULL. */
void sorter_free(Sorter *sorter);

#endif
