/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/distinct_keys.h"

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/kv/joined_key.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

struct DistinctKeys {
    pthread_mutex_t mutex;
    /* A hash table of digests with open addressing; 0 is a free slot.  Owned. */
    SetDigest *slots;
    size_t capacity; /* a power of 2 */
    size_t count;
    Buffer joined; /* the latest key */
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

static bool is_free(const SetDigest *slot)
{
    return slot->high == 0 && slot->low == 0;
}

/* The slot of the digest, or the free slot for it. */
static SetDigest *find_slot(SetDigest *slots, size_t capacity, SetDigest digest)
{
    size_t i = (size_t)digest.low & (capacity - 1);

    while (!is_free(&slots[i]) && (slots[i].high != digest.high || slots[i].low != digest.low)) {
        i = (i + 1) & (capacity - 1);
    }
    return &slots[i];
}

/* Makes sure that at least a quarter of the slots is free. */
static bool grow_slots(DistinctKeys *keys, Error *error)
{
    size_t capacity = keys->capacity == 0 ? FIRST_CAPACITY : keys->capacity * 2;
    SetDigest *slots;

    if (keys->count < keys->capacity / 4 * 3) {
        return true;
    }
    slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < keys->capacity; i++) {
        if (!is_free(&keys->slots[i])) {
            *find_slot(slots, capacity, keys->slots[i]) = keys->slots[i];
        }
    }
    free(keys->slots);
    keys->slots = slots;
    keys->capacity = capacity;
    return true;
}

static bool key_digest(DistinctKeys *keys, Slice partition_key, Slice key, SetDigest *digest,
                       Error *error)
{
    if (!joined_key_set(&keys->joined, partition_key, key, error)) {
        return false;
    }
    *digest = (SetDigest){0};
    set_digest_add_tuple(digest, buffer_slice(&keys->joined));
    return true;
}

static bool add_digest(DistinctKeys *keys, SetDigest digest, Error *error)
{
    SetDigest *slot;

    if (!grow_slots(keys, error)) {
        return false;
    }
    slot = find_slot(keys->slots, keys->capacity, digest);
    if (!is_free(slot)) {
        error_set(error, EXIT_CODE_FAILED, "two entries have the same key once redacted");
        return error_hint(error,
                          "Run again with another key; without --redact-key-file, each run has "
                          "its own.");
    }
    *slot = digest;
    keys->count++;
    return true;
}

bool distinct_keys_add(DistinctKeys *keys, Slice partition_key, Slice key, Error *error)
{
    SetDigest digest;
    bool done;

    pthread_mutex_lock(&keys->mutex);
    done = key_digest(keys, partition_key, key, &digest, error) && add_digest(keys, digest, error);
    pthread_mutex_unlock(&keys->mutex);
    return done;
}

void distinct_keys_free(DistinctKeys *keys)
{
    if (keys != NULL) {
        free(keys->slots);
        buffer_free(&keys->joined);
        pthread_mutex_destroy(&keys->mutex);
        free(keys);
    }
}
