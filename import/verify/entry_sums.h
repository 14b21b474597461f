/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A summary of a set of entries: for each bucket, a count and a set digest.  An entry's bucket is
 * the hash of its partition key and key.  Two sets of any size can be compared in one pass over
 * each and in little memory; the buckets that differ lead to the entries that differ.
 */
#ifndef IMPORT_VERIFY_ENTRY_SUMS_H
#define IMPORT_VERIFY_ENTRY_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

enum { ENTRY_BUCKETS = 1 << 15 };

typedef struct EntrySum {
    uint64_t entries;
    SetDigest digest;
} EntrySum;

/* Free with free. */
typedef struct EntrySums {
    EntrySum buckets[ENTRY_BUCKETS];
} EntrySums;

/* NULL with the error set when out of memory. */
EntrySums *entry_sums_new(Error *error);

/* The bucket of an entry. */
size_t entry_bucket(const Entry *entry);

/* Adds an entry, given with its tuple in COPY BINARY form: its digest is that of entry_digest.h. */
void entry_sums_add(EntrySums *sums, const Entry *entry, Slice tuple);

/* Adds all of `more`. */
void entry_sums_merge(EntrySums *sums, const EntrySums *more);

/* The number of entries. */
uint64_t entry_sums_entries(const EntrySums *sums);

/* Whether a bucket is the same in both. */
bool entry_sums_equal(const EntrySums *a, const EntrySums *b, size_t bucket);

#endif
