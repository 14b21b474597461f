#include "export/legacy/written_keys.h"

#include "common/base/buffer.h"
#include "common/base/bytes.h"
#include "export/legacy/key_set.h"

#include <pthread.h>
#include <stdlib.h>

struct WrittenKeys {
    pthread_mutex_t mutex;
    KeySet *keys;
    Buffer joined; /* the latest key, put together */
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
    uint8_t size[4];
    bool done;

    /* The first part's size tells where it ends: any byte may occur in it. */
    store_be32(size, (uint32_t)partition_key.size);
    *added = false;
    pthread_mutex_lock(&keys->mutex);
    keys->joined.size = 0;
    done = buffer_append(&keys->joined, size, sizeof size, error) &&
           buffer_append(&keys->joined, partition_key.data, partition_key.size, error) &&
           buffer_append(&keys->joined, key.data, key.size, error) &&
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
