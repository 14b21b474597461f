/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some entries of a store: those of one partition whose keys begin alike, found without reading the
 * rest of the store.
 */
#ifndef COMMON_STORE_RANGES_H
#define COMMON_STORE_RANGES_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

/* Takes an entry and its tuple, which are valid until it returns.  It must not read a range. */
typedef bool EntryFunction(void *state, const Entry *entry, Slice tuple, Error *error);

/* Where entries can be read from. */
typedef struct StoreRanges {
    void *state;

    /* Calls the function for each entry of the partition whose key begins with `prefix`, in any
     * order. */
    bool (*read)(void *state, Slice partition, Slice prefix, EntryFunction *function,
                 void *function_state, Error *error);
} StoreRanges;

#endif
