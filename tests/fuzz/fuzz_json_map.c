/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb objects as maps: every object that jansson accepts becomes a map with the same members, and
 * protobuf preserves the map.  Also policies, which are jsonb too.
 */
#include "tests/fuzz/fuzz.h"

#include <jansson.h>

#include "export/legacy/json_map.h"
#include "export/legacy/policy.h"

#include "graveler.pb-c.h"

/* Compares a member's value in the map with jansson's. */
static void check_value(const json_t *value, const char *text)
{
    json_t *again;

    if (json_is_string(value)) {
        FUZZ_CHECK(strcmp(json_string_value(value), text) == 0);
    } else if (json_is_null(value)) {
        FUZZ_CHECK(text[0] == '\0');
    } else {
        again = json_loads(text, JSON_DECODE_ANY, NULL);
        FUZZ_CHECK(json_equal(value, again));
        json_decref(again);
    }
}

static void check_against_jansson(Slice json, JsonMapStatus status, const JsonMap *map)
{
    json_t *object = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(object)) {
        FUZZ_CHECK(status == JSON_MAP_DONE);
        FUZZ_CHECK(map->count == json_object_size(object));
        for (size_t i = 0; i < map->count; i++) {
            const json_t *value = json_object_get(object, map->entries[i]->key);

            FUZZ_CHECK(value != NULL);
            check_value(value, map->entries[i]->value);
        }
    }
    json_decref(object);
}

static void check_protobuf(const JsonMap *map)
{
    Kv__CommitData commit = KV__COMMIT_DATA__INIT;
    Kv__CommitData *read;
    uint8_t *packed;
    size_t size;

    commit.n_metadata = map->count;
    commit.metadata = map->entries;
    size = kv__commit_data__get_packed_size(&commit);
    packed = malloc(size + 1);
    FUZZ_CHECK(packed != NULL);
    FUZZ_CHECK(kv__commit_data__pack(&commit, packed) == size);
    read = kv__commit_data__unpack(NULL, size, packed);
    FUZZ_CHECK(read != NULL && read->n_metadata == map->count);
    for (size_t i = 0; i < map->count; i++) {
        FUZZ_CHECK(strcmp(read->metadata[i]->key, map->entries[i]->key) == 0);
        FUZZ_CHECK(strcmp(read->metadata[i]->value, map->entries[i]->value) == 0);
    }
    kv__commit_data__free_unpacked(read, NULL);
    free(packed);
}

static void check_policy(Slice json, Arena *arena)
{
    Kv__PolicyData policy = KV__POLICY_DATA__INIT;
    Kv__PolicyData *read;
    const char *problem = NULL;
    bool adjusted;
    Error error = {0};
    uint8_t *packed;
    size_t size;

    if (!policy_read(json, arena, &policy, &adjusted, &problem, &error)) {
        FUZZ_CHECK(problem != NULL);
        return;
    }
    size = kv__policy_data__get_packed_size(&policy);
    packed = malloc(size + 1);
    FUZZ_CHECK(packed != NULL);
    FUZZ_CHECK(kv__policy_data__pack(&policy, packed) == size);
    read = kv__policy_data__unpack(NULL, size, packed);
    FUZZ_CHECK(read != NULL && read->n_statement == policy.n_statement);
    for (size_t i = 0; i < policy.n_statement; i++) {
        FUZZ_CHECK(strcmp(read->statement[i]->effect, policy.statement[i]->effect) == 0);
        FUZZ_CHECK(read->statement[i]->n_action == policy.statement[i]->n_action);
    }
    kv__policy_data__free_unpacked(read, NULL);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice json = slice_of(data, size);
    Arena arena = {0};
    Error error = {0};
    JsonMap map;
    /* It is overwritten. */
    uint8_t *copy = malloc(size + 1);
    JsonMapStatus status;

    FUZZ_CHECK(copy != NULL);
    memcpy(copy, size > 0 ? data : copy, size);
    status = json_map_read(slice_of(copy, size), &arena, &map, &error);
    FUZZ_CHECK(status != JSON_MAP_ERROR);
    /* A text of jsonb cannot contain NUL; jansson ignores it in some places. */
    if (json.size == 0 || memchr(json.data, 0, json.size) == NULL) {
        check_against_jansson(json, status, &map);
    }
    if (status == JSON_MAP_DONE) {
        check_protobuf(&map);
    }
    check_policy(json, &arena);
    arena_free(&arena);
    free(copy);
    return 0;
}
