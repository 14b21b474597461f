/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of byte strings, each of which may have another one as its value.  Elements keep the order
 * in which they were added.
 */
#ifndef COMMON_BASE_BYTE_MAP_H
#define COMMON_BASE_BYTE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* {0} is an empty map; end with byte_map_free. */
typedef struct ByteMap {
    struct ByteMapItem *items;
} ByteMap;

typedef struct ByteMapItem ByteMapItem;

/* Adds a key without a value, unless it is there.  `added` (may be NULL) tells which. */
bool byte_map_add(ByteMap *map, Slice key, bool *added, Error *error);

/* Sets the value of a key, which is added if need be. */
bool byte_map_set(ByteMap *map, Slice key, Slice value, Error *error);

bool byte_map_contains(const ByteMap *map, Slice key);

/* The value of a key; false if the key is not there or has none.  Valid until it is set again. */
bool byte_map_value(const ByteMap *map, Slice key, Slice *value);

size_t byte_map_count(const ByteMap *map);

/* The elements: the first one, and the one after `item`; NULL when there are no more. */
const ByteMapItem *byte_map_first(const ByteMap *map);
const ByteMapItem *byte_map_next(const ByteMapItem *item);
Slice byte_map_key(const ByteMapItem *item);

void byte_map_free(ByteMap *map);

#endif
