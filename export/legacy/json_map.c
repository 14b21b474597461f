/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/json_map.h"

#include "common/base/arena_text.h"
#include "common/base/json_memory.h"

#include <jansson.h>
#include <string.h>

/*
 * jansson reads numbers as double or 64-bit integer, and a jsonb number may fit into neither.  So
 * the members of an object are first located in the text; jansson only decodes strings, and all
 * other values keep their characters.
 */

/* The end of the string whose opening quote is at `at`. */
static size_t skip_string(Slice json, size_t at)
{
    for (at++; at < json.size && json.data[at] != '"'; at++) {
        at += json.data[at] == '\\' ? 1 : 0;
    }
    return at < json.size ? at + 1 : json.size;
}

/* The end of the value that begins at `at`: the comma or bracket after it. */
static size_t skip_value(Slice json, size_t at)
{
    size_t depth = 0;

    while (at < json.size) {
        switch (json.data[at]) {
        case '"':
            at = skip_string(json, at);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return at;
            }
            depth--;
            break;
        case ',':
            if (depth == 0) {
                return at;
            }
            break;
        default:
            break;
        }
        at++;
    }
    return at;
}

static size_t skip_spaces(Slice json, size_t at)
{
    while (at < json.size && (json.data[at] == ' ' || json.data[at] == '\n' ||
                              json.data[at] == '\t' || json.data[at] == '\r')) {
        at++;
    }
    return at;
}

/* Decodes a JSON string.  *valid is false if it is not one. */
static char *decode_string(Slice json, Arena *arena, bool *valid, Error *error)
{
    json_t *string;
    char *text = NULL;
    bool out_of_memory;

    string = json_parse(json, JSON_DECODE_ANY, NULL, &out_of_memory);
    *valid = json_is_string(string);
    if (out_of_memory) {
        *valid = true; /* as far as we know */
        error_out_of_memory(error);
    } else if (*valid) {
        text = arena_text(arena, slice_of(json_string_value(string), json_string_length(string)),
                          error);
    }
    json_decref(string);
    return text;
}

/* A value that is not a string, without spaces outside of strings. */
static char *compact(Slice json, Arena *arena, Error *error)
{
    char *text = arena_allocate(arena, json.size + 1, error);
    size_t used = 0;

    for (size_t at = 0; text != NULL && at < json.size;) {
        size_t end = json.data[at] == '"' ? skip_string(json, at) : at + 1;

        if (skip_spaces(json, at) == at) {
            memcpy(text + used, json.data + at, end - at);
            used += end - at;
        }
        at = end;
    }
    if (text != NULL) {
        text[used] = '\0';
    }
    return text;
}

/* The text of a member's value. */
static char *value_text(Slice json, Arena *arena, JsonMap *map, bool *valid, Error *error)
{
    *valid = json.size > 0;
    if (json.size > 0 && json.data[0] == '"') {
        return decode_string(json, arena, valid, error);
    }
    map->adjusted = true;
    if (slice_equal(json, slice_text("null"))) {
        return arena_text(arena, (Slice){0}, error);
    }
    return compact(json, arena, error);
}

/* Reads the member at *at and advances past it. */
static JsonMapStatus read_member(Slice json, size_t *at, Arena *arena, JsonMap *map, Error *error)
{
    Kv__MetadataEntry *entry = arena_allocate(arena, sizeof *entry, error);
    size_t key_end;
    size_t begin;
    size_t end;
    bool valid = false;

    if (entry == NULL) {
        return JSON_MAP_ERROR;
    }
    kv__metadata_entry__init(entry);
    if (*at >= json.size || json.data[*at] != '"') {
        return JSON_MAP_NO_OBJECT;
    }
    key_end = skip_string(json, *at);
    entry->key = decode_string(slice_of(json.data + *at, key_end - *at), arena, &valid, error);
    begin = skip_spaces(json, key_end);
    if (!valid || begin >= json.size || json.data[begin] != ':') {
        return JSON_MAP_NO_OBJECT;
    }
    begin = skip_spaces(json, begin + 1);
    *at = skip_value(json, begin);
    end = *at;
    while (end > begin && skip_spaces(json, end - 1) != end - 1) {
        end--;
    }
    entry->value = value_text(slice_of(json.data + begin, end - begin), arena, map, &valid, error);
    if (!valid) {
        return JSON_MAP_NO_OBJECT;
    }
    map->entries[map->count++] = entry;
    return entry->key == NULL || entry->value == NULL ? JSON_MAP_ERROR : JSON_MAP_DONE;
}

/* An upper bound for the number of members. */
static size_t count_colons(Slice json)
{
    size_t count = 0;

    for (size_t i = 0; i < json.size; i++) {
        count += json.data[i] == ':' ? 1 : 0;
    }
    return count;
}

JsonMapStatus json_map_read(Slice json, Arena *arena, JsonMap *map, Error *error)
{
    size_t at = skip_spaces(json, 0);

    *map = (JsonMap){0};
    if (json.size == 0 || slice_equal(json, slice_text("null"))) {
        return JSON_MAP_DONE;
    }
    if (at >= json.size || json.data[at] != '{') {
        return JSON_MAP_NO_OBJECT;
    }
    map->entries = arena_allocate(arena, (count_colons(json) + 1) * sizeof *map->entries, error);
    if (map->entries == NULL) {
        return JSON_MAP_ERROR;
    }
    at = skip_spaces(json, at + 1);
    if (at < json.size && json.data[at] == '}') {
        return skip_spaces(json, at + 1) == json.size ? JSON_MAP_DONE : JSON_MAP_NO_OBJECT;
    }
    for (;;) {
        JsonMapStatus status = read_member(json, &at, arena, map, error);

        if (status != JSON_MAP_DONE) {
            return status;
        }
        if (at < json.size && json.data[at] == '}') {
            return skip_spaces(json, at + 1) == json.size ? JSON_MAP_DONE : JSON_MAP_NO_OBJECT;
        }
        if (at >= json.size || json.data[at] != ',') {
            return JSON_MAP_NO_OBJECT;
        }
        at = skip_spaces(json, at + 1);
    }
}
