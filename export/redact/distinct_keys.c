#include "export/redact/distinct_keys.h"

#include "common/base/buffer.h"
#include "common/base/bytes.h"
#include "common/base/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

struct DistinctKeys {
    pthread_mutex_t mutex;
    /* An open hash table of digests, each that of a set of one; 0 is a free place.  Owned. */
    SetDigest *places;
    size_t capacity; /* a power of 2 */
    size_t count;
    Buffer both; /* the latest key, put together */
};

bool distinct_keys_new(DistinctKeys **keys, Error *error)
{
    *keys = calloc(1, sizeof **keys);
    if (*keys == NULL) {
        return error_out_of_memory(error);
    }
    pthread_mutex_init(&(*keys)->mutex, NULL);
    return true;
}

static bool is_free(const SetDigest *place)
{
    return place->high == 0 && place->low == 0;
}

/* Where the digest is, or where it is to be. */
static SetDigest *find_place(SetDigest *places, size_t capacity, SetDigest digest)
{
    size_t i = (size_t)digest.low & (capacity - 1);

    while (!is_free(&places[i]) && (places[i].high != digest.high || places[i].low != digest.low)) {
        i = (i + 1) & (capacity - 1);
    }
    return &places[i];
}

/* Keeps a quarter of the places free. */
static bool make_room(DistinctKeys *keys, Error *error)
{
    size_t capacity = keys->capacity == 0 ? FIRST_CAPACITY : keys->capacity * 2;
    SetDigest *places;

    if (keys->count < keys->capacity / 4 * 3) {
        return true;
    }
    places = calloc(capacity, sizeof *places);
    if (places == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < keys->capacity; i++) {
        if (!is_free(&keys->places[i])) {
            *find_place(places, capacity, keys->places[i]) = keys->places[i];
        }
    }
    free(keys->places);
    keys->places = places;
    keys->capacity = capacity;
    return true;
}

static bool digest_of(DistinctKeys *keys, Slice partition_key, Slice key, SetDigest *digest,
                      Error *error)
{
    uint8_t size[4];

    /* The first part's size tells where it ends: any byte may occur in it. */
    store_be32(size, (uint32_t)partition_key.size);
    keys->both.size = 0;
    if (!buffer_append(&keys->both, size, sizeof size, error) ||
        !buffer_append(&keys->both, partition_key.data, partition_key.size, error) ||
        !buffer_append(&keys->both, key.data, key.size, error)) {
        return false;
    }
    *digest = (SetDigest){0};
    set_digest_add_tuple(digest, buffer_slice(&keys->both));
    return true;
}

static bool add(DistinctKeys *keys, SetDigest digest, Error *error)
{
    SetDigest *place;

    if (!make_room(keys, error)) {
        return false;
    }
    place = find_place(keys->places, keys->capacity, digest);
    if (!is_free(place)) {
        error_set(error, EXIT_CODE_FAILED, "two entries have the same key once they are redacted");
        return error_hint(error, "Run again with another key: each run without --redact-key-file "
                                 "has its own.");
    }
    *place = digest;
    keys->count++;
    return true;
}

bool distinct_keys_add(DistinctKeys *keys, Slice partition_key, Slice key, Error *error)
{
    SetDigest digest;
    bool done;

    pthread_mutex_lock(&keys->mutex);
    done = digest_of(keys, partition_key, key, &digest, error) && add(keys, digest, error);
    pthread_mutex_unlock(&keys->mutex);
    return done;
}

void distinct_keys_free(DistinctKeys *keys)
{
    if (keys != NULL) {
        free(keys->places);
        buffer_free(&keys->both);
        pthread_mutex_destroy(&keys->mutex);
        free(keys);
    }
}
