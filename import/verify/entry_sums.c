/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/entry_sums.h"

#include "import/verify/entry_digest.h"

#include <stdlib.h>

EntrySums *entry_sums_new(Error *error)
{
    EntrySums *sums = calloc(1, sizeof *sums);

    if (sums == NULL) {
        error_out_of_memory(error);
    }
    return sums;
}

/* In a tuple the key follows the partition key and its own length, so both can be hashed in place,
 * and ("a", "bc") differs from ("ab", "c"). */
size_t entry_bucket(const Entry *entry)
{
    const uint8_t *begin = entry->partition_key.data;
    const uint8_t *end = entry->key.data + entry->key.size;

    return (size_t)(xxh3_of(slice_of(begin, (size_t)(end - begin))) % ENTRY_BUCKETS);
}

void entry_sums_add(EntrySums *sums, const Entry *entry, Slice tuple)
{
    EntrySum *sum = &sums->buckets[entry_bucket(entry)];

    sum->entries++;
    entry_digest_add(&sum->digest, entry, tuple);
}

void entry_sums_merge(EntrySums *sums, const EntrySums *more)
{
    for (size_t i = 0; i < ENTRY_BUCKETS; i++) {
        sums->buckets[i].entries += more->buckets[i].entries;
        set_digest_add(&sums->buckets[i].digest, more->buckets[i].digest);
    }
}

uint64_t entry_sums_entries(const EntrySums *sums)
{
    uint64_t entries = 0;

    for (size_t i = 0; i < ENTRY_BUCKETS; i++) {
        entries += sums->buckets[i].entries;
    }
    return entries;
}

bool entry_sums_equal(const EntrySums *a, const EntrySums *b, size_t bucket)
{
    return a->buckets[bucket].entries == b->buckets[bucket].entries &&
           set_digest_equal(a->buckets[bucket].digest, b->buckets[bucket].digest);
}
