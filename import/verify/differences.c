/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/differences.h"

#include "common/base/digest.h"
#include "common/base/hash.h"

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
    uint8_t keys[]; /* partition key, key */
} Item;

struct Differences {
    Item *items;
    Difference *list; /* owned; once finished */
};

bool differences_new(Differences **differences, Error *error)
{
    *differences = calloc(1, sizeof **differences);
    return *differences != NULL || error_out_of_memory(error);
}

static SetDigest value_digest(Slice value)
{
    SetDigest digest = {0};

    set_digest_add_tuple(&digest, value);
    return digest;
}

/* The length of the partition key precedes both keys, to tell ("a", "bc") from ("ab", "c"). */
static Item *make_item(const Entry *entry, DifferenceKind kind, Error *error)
{
    size_t size = sizeof(size_t) + entry->partition_key.size + entry->key.size;
    Item *item = calloc(1, sizeof *item + size);
    uint8_t *p;

    if (item == NULL) {
        error_out_of_memory(error);
        return NULL;
    }
    item->kind = kind;
    item->value = value_digest(entry->value);
    item->partition_key_size = entry->partition_key.size;
    item->size = size;
    p = item->keys;
    memcpy(p, &entry->partition_key.size, sizeof(size_t));
    p += sizeof(size_t);
    if (entry->partition_key.size > 0) {
        memcpy(p, entry->partition_key.data, entry->partition_key.size);
    }
    if (entry->key.size > 0) {
        memcpy(p + entry->partition_key.size, entry->key.data, entry->key.size);
    }
    return item;
}

static bool add_item(Differences *differences, Item *item, Error *error)
{
    HASH_ADD_KEYPTR(hh, differences->items, item->keys, item->size, item);
    if (!HASH_ADDED(hh, item)) {
        free(item);
        return error_out_of_memory(error);
    }
    return true;
}

bool differences_add(Differences *differences, const Entry *entry, Error *error)
{
    Item *item = make_item(entry, DIFFERENCE_MISSING, error);

    return item != NULL && add_item(differences, item, error);
}

bool differences_compare(Differences *differences, const Entry *entry, Error *error)
{
    Item *item = make_item(entry, DIFFERENCE_EXTRA, error);
    Item *found;

    if (item == NULL) {
        return false;
    }
    HASH_FIND(hh, differences->items, item->keys, item->size, found);
    if (found == NULL) {
        return add_item(differences, item, error);
    }
    found->equal = set_digest_equal(found->value, item->value);
    found->kind = DIFFERENCE_VALUE;
    free(item);
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
        const uint8_t *keys = item->keys + sizeof(size_t);

        /* cppcheck-suppress uninitvar ; it does not understand uthash's macros */
        if (item->equal) {
            continue;
        }
        counts[item->kind]++;
        differences->list[(*size)++] =
            (Difference){item->kind, slice_of(keys, item->partition_key_size),
                         slice_of(keys + item->partition_key_size,
                                  item->size - sizeof(size_t) - item->partition_key_size)};
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
    free(differences->list);
    free(differences);
}
