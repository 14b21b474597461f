/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/written_keys.h"

#include "common/base/buffer.h"
#include "common/kv/joined_key.h"
#include "export/legacy/key_set.h"

#include <pthread.h>
#include <stdlib.h>

struct WrittenKeys {
    pthread_mutex_t mutex;
    KeySet *keys;
    Buffer joined; /* the latest key */
};

bool written_keys_new(WrittenKeys **keys, Error *error)
{
    *keys = calloc(1, sizeof **keys);
    if (*keys == NULL) {
        return error_out_of_memory(error);
    }
    pthread_mutex_init(&(*keys)->mutex, NULL);
    return key_set_new(&(*keys)->keys, error);
}

bool written_keys_add(WrittenKeys *keys, Slice partition_key, Slice key, bool *added, Error *error)
{
    bool done;

    *added = false;
    pthread_mutex_lock(&keys->mutex);
    done = joined_key_set(&keys->joined, partition_key, key, error) &&
           key_set_add(keys->keys, buffer_slice(&keys->joined), added, error);
    pthread_mutex_unlock(&keys->mutex);
    return done;
}

void written_keys_free(WrittenKeys *keys)
{
    if (keys != NULL) {
        key_set_free(keys->keys);
        buffer_free(&keys->joined);
        pthread_mutex_destroy(&keys->mutex);
        free(keys);
    }
}
