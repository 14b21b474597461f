/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/differences.h"

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/base/hash.h"
#include "common/kv/joined_key.h"
#include "import/verify/entry_digest.h"

#include <stdlib.h>
#include <string.h>

/* An entry's keys, and what is known about it. */
typedef struct Item {
    UT_hash_handle hh;
    SetDigest value; /* of the first store */
    DifferenceKind kind;
    bool equal;
    size_t partition_key_size;
    size_t size;
    uint8_t joined[]; /* partition key and key, see joined_key.h */
} Item;

struct Differences {
    Item *items;
    Buffer joined;    /* the keys of the entry at hand */
    Difference *list; /* owned; once finished */
};

bool differences_new(Differences **differences, Error *error)
{
    *differences = calloc(1, sizeof **differences);
    return *differences != NULL || error_out_of_memory(error);
}

/* Adds the entry whose joined key is in differences->joined. */
static bool add_item(Differences *differences, const Entry *entry, DifferenceKind kind,
                     Error *error)
{
    size_t size = differences->joined.size;
    Item *item = calloc(1, sizeof *item + size);

    if (item == NULL) {
        return error_out_of_memory(error);
    }
    item->kind = kind;
    item->value = entry_value_digest(entry);
    item->partition_key_size = entry->partition_key.size;
    item->size = size;
    memcpy(item->joined, differences->joined.data, size);
    HASH_ADD_KEYPTR(hh, differences->items, item->joined, item->size, item);
    if (!HASH_ADDED(hh, item)) {
        free(item);
        return error_out_of_memory(error);
    }
    return true;
}

bool differences_add(Differences *differences, const Entry *entry, Error *error)
{
    return joined_key_set(&differences->joined, entry->partition_key, entry->key, error) &&
           add_item(differences, entry, DIFFERENCE_MISSING, error);
}

bool differences_compare(Differences *differences, const Entry *entry, Error *error)
{
    Item *found;

    if (!joined_key_set(&differences->joined, entry->partition_key, entry->key, error)) {
        return false;
    }
    HASH_FIND(hh, differences->items, differences->joined.data, differences->joined.size, found);
    if (found == NULL) {
        return add_item(differences, entry, DIFFERENCE_EXTRA, error);
    }
    found->equal = set_digest_equal(found->value, entry_value_digest(entry));
    found->kind = DIFFERENCE_VALUE;
    return true;
}

static int compare_slices(Slice a, Slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_differences(const void *a, const void *b)
{
    const Difference *x = a;
    const Difference *y = b;
    int order = compare_slices(x->partition_key, y->partition_key);

    return order != 0 ? order : compare_slices(x->key, y->key);
}

bool differences_finish(Differences *differences, uint64_t counts[DIFFERENCE_KINDS],
                        const Difference **list, size_t *size, Error *error)
{
    Item *item;
    Item *next;

    memset(counts, 0, DIFFERENCE_KINDS * sizeof *counts);
    *size = 0;
    differences->list = malloc((HASH_COUNT(differences->items) + 1) * sizeof(Difference));
    *list = differences->list;
    if (differences->list == NULL) {
        return error_out_of_memory(error);
    }
    HASH_ITER(hh, differences->items, item, next)
    {
        const uint8_t *keys = item->joined + JOINED_KEY_PREFIX;

        /* cppcheck-suppress uninitvar ; it does not understand uthash's macros */
        if (item->equal) {
            continue;
        }
        counts[item->kind]++;
        differences->list[(*size)++] =
            (Difference){item->kind, slice_of(keys, item->partition_key_size),
                         slice_of(keys + item->partition_key_size,
                                  item->size - JOINED_KEY_PREFIX - item->partition_key_size)};
    }
    if (*size > 0) {
        qsort(differences->list, *size, sizeof(Difference), compare_differences);
    }
    return true;
}

void differences_free(Differences *differences)
{
    Item *item;
    Item *next;

    if (differences == NULL) {
        return;
    }
    HASH_ITER(hh, differences->items, item, next)
    {
        HASH_DELETE(hh, differences->items, item);
        free(item);
    }
    buffer_free(&differences->joined);
    free(differences->list);
    free(differences);
}
