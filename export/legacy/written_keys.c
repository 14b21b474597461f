/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/written_keys.h"

#include "common/base/buffer.h"
#include "common/base/hash.h"
#include "common/kv/joined_key.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Member {
    UT_hash_handle hh;
    size_t size;
    char text[]; /* the joined key, then the row and its NUL */
} Member;

struct WrittenKeys {
    pthread_mutex_t mutex;
    Member *members;
    Buffer joined; /* the latest key */
};

bool written_keys_new(WrittenKeys **keys, Error *error)
{
    *keys = calloc(1, sizeof **keys);
    if (*keys == NULL) {
        return error_out_of_memory(error);
    }
    pthread_mutex_init(&(*keys)->mutex, NULL);
    return true;
}

static bool add_member(WrittenKeys *keys, const char *row, Error *error)
{
    size_t row_size = strlen(row) + 1;
    Member *member = malloc(sizeof *member + keys->joined.size + row_size);

    if (member == NULL) {
        return error_out_of_memory(error);
    }
    member->size = keys->joined.size;
    memcpy(member->text, keys->joined.data, member->size);
    memcpy(member->text + member->size, row, row_size);
    HASH_ADD_KEYPTR(hh, keys->members, member->text, member->size, member);
    if (!HASH_ADDED(hh, member)) {
        free(member);
        return error_out_of_memory(error);
    }
    return true;
}

bool written_keys_add(WrittenKeys *keys, Slice partition_key, Slice key, const char *row,
                      const char **other, Error *error)
{
    Member *member = NULL;
    bool done;

    *other = NULL;
    pthread_mutex_lock(&keys->mutex);
    done = joined_key_set(&keys->joined, partition_key, key, error);
    if (done) {
        HASH_FIND(hh, keys->members, keys->joined.data, keys->joined.size, member);
        if (member != NULL) {
            *other = member->text + member->size;
        } else {
            done = add_member(keys, row, error);
        }
    }
    pthread_mutex_unlock(&keys->mutex);
    return done;
}

void written_keys_free(WrittenKeys *keys)
{
    Member *member;
    Member *next;

    if (keys == NULL) {
        return;
    }
    HASH_ITER(hh, keys->members, member, next)
    {
        HASH_DELETE(hh, keys->members, member);
        free(member);
    }
    buffer_free(&keys->joined);
    pthread_mutex_destroy(&keys->mutex);
    free(keys);
}
