/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/key_set.h"

#include "common/base/hash.h"

#include <stdlib.h>
#include <string.h>

typedef struct Member {
    UT_hash_handle hh;
    size_t size;
    uint8_t key[];
} Member;

struct KeySet {
    Member *members;
};

bool key_set_new(KeySet **set, Error *error)
{
    *set = calloc(1, sizeof **set);
    return *set != NULL || error_out_of_memory(error);
}

bool key_set_add(KeySet *set, Slice key, bool *added, Error *error)
{
    Member *member;

    *added = false;
    if (key_set_contains(set, key)) {
        return true;
    }
    member = malloc(sizeof *member + key.size);
    if (member == NULL) {
        return error_out_of_memory(error);
    }
    member->size = key.size;
    if (key.size > 0) {
        memcpy(member->key, key.data, key.size);
    }
    HASH_ADD_KEYPTR(hh, set->members, member->key, member->size, member);
    if (!HASH_ADDED(hh, member)) {
        free(member);
        return error_out_of_memory(error);
    }
    *added = true;
    return true;
}

bool key_set_contains(const KeySet *set, Slice key)
{
    Member *member;

    HASH_FIND(hh, set->members, key.data, key.size, member);
    return member != NULL;
}

void key_set_free(KeySet *set)
{
    Member *member;
    Member *next;

    if (set == NULL) {
        return;
    }
    HASH_ITER(hh, set->members, member, next)
    {
        HASH_DELETE(hh, set->members, member);
        free(member);
    }
    free(set);
}
