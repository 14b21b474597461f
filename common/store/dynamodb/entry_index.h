/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dump holds, looked up entry by entry while a table is compared with it: digests of keys
 * and entries, 32 bytes for each, in a temporary file.  Memory does not grow with their number.
 *
 * Add all entries, then compare the store's; then entry_index_is_equal tells which entries of the
 * dump the store had already.  Any thread may call the functions.
 */
#ifndef COMMON_STORE_DYNAMODB_ENTRY_INDEX_H
#define COMMON_STORE_DYNAMODB_ENTRY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

typedef struct EntryIndex EntryIndex;

typedef enum EntryMatch {
    ENTRY_UNKNOWN,   /* no entry has these keys */
    ENTRY_DIFFERENT, /* one has, with another value */
    ENTRY_EQUAL
} EntryMatch;

/* Makes an index for about this many entries; more are slower. */
bool entry_index_new(uint64_t entries, EntryIndex **index, Error *error);
/* Takes NULL. */
void entry_index_free(EntryIndex *index);

/* Adds an entry, given with its tuple in COPY BINARY form, which it points into here and below, and
 * the units that writing it takes.
 * EXIT_CODE_DUMP if one with the same keys was added before. */
bool entry_index_add(EntryIndex *index, const Entry *entry, Slice tuple, uint16_t units,
                     Error *error);

/* Compares an entry of the store, given with its tuple: *units is that of the entry added with
 * these keys.  `same`: false if the store's entry must not be taken for equal. */
bool entry_index_compare(EntryIndex *index, const Entry *entry, Slice tuple, bool same,
                         EntryMatch *match, uint16_t *units, Error *error);

/* Whether an equal entry was compared. */
bool entry_index_is_equal(EntryIndex *index, const Entry *entry, bool *equal, Error *error);

#endif
