/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/json_map.h"

#include "export/legacy/json_text.h"

#include <string.h>

/*
 * The members are taken apart where they are, so that a large value needs no second copy: a key or
 * value, decoded, is shorter than its text and stays in its place.  Numbers keep their characters,
 * since a jsonb number may fit into neither a double nor a 64-bit integer.
 */

/* Replaces a value by its text.  The character behind it is overwritten if that is needed for a
 * NUL: the caller has read it. */
static bool take_value(Slice json, char **text, JsonMap *map)
{
    *text = (char *)(uintptr_t)json.data;
    if (json.size > 0 && json.data[0] == '"') {
        return json_text_decode(json, *text);
    }
    map->adjusted = true;
    (*text)[slice_equal(json, slice_text("null")) ? 0 : json_text_compact(json, *text)] = '\0';
    return json.size > 0;
}

/* Reads the member at *at; advances past it and what is behind it, which goes to *separator. */
static bool read_member(Slice json, size_t *at, Kv__MetadataEntry *entry, char *separator,
                        JsonMap *map)
{
    size_t key_end = json_text_skip_key(json, *at);
    size_t begin = json_text_skip_spaces(json, key_end);
    size_t end;

    if (begin >= json.size || json.data[begin] != ':') {
        return false;
    }
    begin = json_text_skip_spaces(json, begin + 1);
    end = json_text_skip_value(json, begin);
    if (end >= json.size) {
        return false;
    }
    *separator = (char)json.data[end];
    entry->key = (char *)(uintptr_t)(json.data + *at);
    if (!json_text_decode(slice_of(json.data + *at, key_end - *at), entry->key) ||
        !take_value(json_text_value(json, begin, end), &entry->value, map)) {
        return false;
    }
    *at = json_text_skip_spaces(json, end + 1);
    return true;
}

/* The number of members, of an object that begins at `at`. */
static size_t count_members(Slice json, size_t at)
{
    size_t count = 0;

    while (at < json.size) {
        count++;
        at = json_text_skip_value(json, at) + 1;
    }
    return count;
}

/* Reads the members from `at` on, of which there is at least one. */
static JsonMapStatus read_members(Slice json, size_t at, Arena *arena, JsonMap *map, Error *error)
{
    size_t count = count_members(json, at);
    Kv__MetadataEntry *entries = arena_allocate(arena, count * sizeof *entries, error);
    char separator = ',';

    map->entries = arena_allocate(arena, count * sizeof *map->entries, error);
    if (entries == NULL || map->entries == NULL) {
        return JSON_MAP_ERROR;
    }
    while (separator == ',') {
        if (map->count == count) {
            return JSON_MAP_NO_OBJECT;
        }
        map->entries[map->count] = &entries[map->count];
        kv__metadata_entry__init(&entries[map->count]);
        if (!read_member(json, &at, &entries[map->count], &separator, map)) {
            return JSON_MAP_NO_OBJECT;
        }
        map->count++;
    }
    return separator == '}' && at == json.size ? JSON_MAP_DONE : JSON_MAP_NO_OBJECT;
}

JsonMapStatus json_map_read(Slice json, Arena *arena, JsonMap *map, Error *error)
{
    size_t at = json_text_skip_spaces(json, 0);

    *map = (JsonMap){0};
    if (json.size == 0 || slice_equal(json, slice_text("null"))) {
        return JSON_MAP_DONE;
    }
    if (at >= json.size || json.data[at] != '{') {
        return JSON_MAP_NO_OBJECT;
    }
    at = json_text_skip_spaces(json, at + 1);
    if (at < json.size && json.data[at] == '}') {
        return json_text_skip_spaces(json, at + 1) == json.size ? JSON_MAP_DONE
                                                                : JSON_MAP_NO_OBJECT;
    }
    return read_members(json, at, arena, map, error);
}
