/*
 * jsonb objects of metadata, as the pairs of a map<string, string>.
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
    Kv__MetadataEntry **entries; /* in the arena, in the text's order */
    size_t count;
    bool adjusted; /* a value is no string */
} JsonMap;

typedef enum JsonMapStatus {
    JSON_MAP_DONE,
    JSON_MAP_NO_OBJECT, /* the text is no JSON object: the row cannot be migrated */
    JSON_MAP_ERROR      /* out of memory; the error is set */
} JsonMapStatus;

/*
 * Reads the text of a jsonb value, as PostgreSQL writes it.  No text, and JSON null, are an empty
 * map.  Numbers and booleans become their JSON text, to the last digit; nested values compact JSON;
 * null an empty string.
 */
JsonMapStatus json_map_read(Slice json, Arena *arena, JsonMap *map, Error *error);

#endif
