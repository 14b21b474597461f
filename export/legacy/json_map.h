/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts jsonb objects of metadata to the pairs of a map<string, string>.
 */
#ifndef EXPORT_LEGACY_JSON_MAP_H
#define EXPORT_LEGACY_JSON_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"

#include "metadata.pb-c.h"

typedef struct JsonMap {
    Kv__MetadataEntry *
        *entries; /* in the arena, in the order of the text; their texts are in the JSON */
    size_t count;
    bool adjusted; /* a value is not a string */
} JsonMap;

typedef enum JsonMapStatus {
    JSON_MAP_DONE,
    JSON_MAP_NO_OBJECT, /* not a JSON object */
    JSON_MAP_ERROR      /* out of memory; the error is set */
} JsonMapStatus;

/*
 * Reads the text of a jsonb value, as PostgreSQL writes it, and overwrites it: keys and values stay
 * in it, and it must be writable memory.  Empty text and JSON null give an empty
 * map.  Numbers and booleans become their exact JSON text, nested values compact JSON, and null an
 * empty string.
 */
JsonMapStatus json_map_read(Slice json, Arena *arena, JsonMap *map, Error *error);

#endif
