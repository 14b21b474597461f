/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/byte_map.h"

#include "common/base/hash.h"

#include <stdlib.h>
#include <string.h>

struct ByteMapItem {
    UT_hash_handle hh;
    uint8_t *value; /* owned; NULL: none */
    size_t value_size;
    size_t size;
    uint8_t key[];
};

static ByteMapItem *find(const ByteMap *map, Slice key)
{
    ByteMapItem *item;

    HASH_FIND(hh, map->items, key.data, key.size, item);
    return item;
}

static ByteMapItem *add(ByteMap *map, Slice key, Error *error)
{
    ByteMapItem *item = calloc(1, sizeof *item + key.size + 1);

    if (item == NULL) {
        error_out_of_memory(error);
        return NULL;
    }
    if (key.size > 0) {
        memcpy(item->key, key.data, key.size);
    }
    item->size = key.size;
    HASH_ADD_KEYPTR(hh, map->items, item->key, item->size, item);
    if (!HASH_ADDED(hh, item)) {
        free(item);
        error_out_of_memory(error);
        return NULL;
    }
    return item;
}

bool byte_map_add(ByteMap *map, Slice key, bool *added, Error *error)
{
    bool is_new = find(map, key) == NULL;

    if (added != NULL) {
        *added = is_new;
    }
    return !is_new || add(map, key, error) != NULL;
}

bool byte_map_set(ByteMap *map, Slice key, Slice value, Error *error)
{
    ByteMapItem *item = find(map, key);
    uint8_t *copy;

    if (item == NULL) {
        item = add(map, key, error);
    }
    if (item == NULL) {
        return false;
    }
    copy = malloc(value.size + 1);
    if (copy == NULL) {
        return error_out_of_memory(error);
    }
    if (value.size > 0) {
        memcpy(copy, value.data, value.size);
    }
    free(item->value);
    item->value = copy;
    item->value_size = value.size;
    return true;
}

bool byte_map_contains(const ByteMap *map, Slice key)
{
    return find(map, key) != NULL;
}

bool byte_map_value(const ByteMap *map, Slice key, Slice *value)
{
    const ByteMapItem *item = find(map, key);

    if (item == NULL || item->value == NULL) {
        return false;
    }
    *value = slice_of(item->value, item->value_size);
    return true;
}

size_t byte_map_count(const ByteMap *map)
{
    return HASH_COUNT(map->items);
}

const ByteMapItem *byte_map_first(const ByteMap *map)
{
    return map->items;
}

const ByteMapItem *byte_map_next(const ByteMapItem *item)
{
    return item->hh.next;
}

Slice byte_map_key(const ByteMapItem *item)
{
    return slice_of(item->key, item->size);
}

void byte_map_free(ByteMap *map)
{
    ByteMapItem *item;
    ByteMapItem *next;

    HASH_ITER(hh, map->items, item, next)
    {
        HASH_DELETE(hh, map->items, item);
        free(item->value);
        free(item);
    }
    map->items = NULL;
}
