/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/bucket_sums.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A table that fits into a processor's cache is several times faster.  Of small buckets, few equal
 * entries are taken for ones that may differ. */
enum { BUCKETS_MIN = 1 << 15, BUCKETS_MAX = 1 << 20, BUCKET_ENTRIES = 64 };

/* The halves of a digest are summed up each on its own, so that no lock is needed. */
typedef struct Bucket {
    atomic_uint_fast64_t high;
    atomic_uint_fast64_t low;
} Bucket;

struct BucketSums {
    size_t count;  /* a power of 2 */
    uint8_t *left; /* a bit for each bucket: whether something is left in it.  Owned */
    Bucket buckets[];
};

bool bucket_sums_new(uint64_t entries, BucketSums **sums, Error *error)
{
    size_t count = BUCKETS_MIN;

    while (count < BUCKETS_MAX && count < entries / BUCKET_ENTRIES) {
        count *= 2;
    }
    *sums = calloc(1, sizeof **sums + count * sizeof(Bucket));
    if (*sums == NULL) {
        return error_out_of_memory(error);
    }
    (*sums)->count = count;
    (*sums)->left = calloc(1, count / 8);
    return (*sums)->left != NULL || error_out_of_memory(error);
}

/* In a tuple the key follows the partition key and its own length, so both can be hashed in place,
 * and ("a", "bc") differs from ("ab", "c"). */
static size_t bucket_of(const BucketSums *sums, const Entry *entry)
{
    const uint8_t *begin = entry->partition_key.data;
    const uint8_t *end = entry->key.data + entry->key.size;

    return (size_t)xxh3_of(slice_of(begin, (size_t)(end - begin))) & (sums->count - 1);
}

void bucket_sums_add(BucketSums *sums, const Entry *entry, SetDigest digest)
{
    Bucket *bucket = &sums->buckets[bucket_of(sums, entry)];

    atomic_fetch_add_explicit(&bucket->high, digest.high, memory_order_relaxed);
    atomic_fetch_add_explicit(&bucket->low, digest.low, memory_order_relaxed);
}

void bucket_sums_subtract(BucketSums *sums, const Entry *entry, SetDigest digest)
{
    Bucket *bucket = &sums->buckets[bucket_of(sums, entry)];

    atomic_fetch_sub_explicit(&bucket->high, digest.high, memory_order_relaxed);
    atomic_fetch_sub_explicit(&bucket->low, digest.low, memory_order_relaxed);
}

bool bucket_sums_finish(BucketSums *sums)
{
    bool equal = true;

    for (size_t i = 0; i < sums->count; i++) {
        if (atomic_load(&sums->buckets[i].high) != 0 || atomic_load(&sums->buckets[i].low) != 0) {
            sums->left[i / 8] |= (uint8_t)(1 << i % 8);
            equal = false;
        }
    }
    return equal;
}

bool bucket_sums_differ(const BucketSums *sums, const Entry *entry)
{
    size_t bucket = bucket_of(sums, entry);

    return (sums->left[bucket / 8] & 1 << bucket % 8) != 0;
}

void bucket_sums_free(BucketSums *sums)
{
    if (sums != NULL) {
        free(sums->left);
        free(sums);
    }
}
