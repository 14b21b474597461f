/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds out whether two sets of entries are equal, and roughly where they are not: entries of the
 * first are added and those of the second subtracted, each in the bucket that the hash of its keys
 * gives.  Then a bucket in which something is left has a difference.
 *
 * Takes 16 MiB at most, however many entries there are.  Threads may add and subtract at the same
 * time.
 */
#ifndef IMPORT_DIFF_BUCKET_SUMS_H
#define IMPORT_DIFF_BUCKET_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/kv/entry.h"

typedef struct BucketSums BucketSums;

/* `entries` is about how many there are in each set; it decides on the number of buckets. */
bool bucket_sums_new(uint64_t entries, BucketSums **sums, Error *error);

/* Adds or subtracts an entry with its digest: of its tuple, or that of verify/entry_digest.h, for
 * which the pairs of a map have no order.  The keys must be those of a tuple, one behind the other.
 */
void bucket_sums_add(BucketSums *sums, const Entry *entry, SetDigest digest);
void bucket_sums_subtract(BucketSums *sums, const Entry *entry, SetDigest digest);

/* Ends the adding.  Returns whether both sets are equal. */
bool bucket_sums_finish(BucketSums *sums);

/* Whether something is left in the bucket of the entry.  After bucket_sums_finish. */
bool bucket_sums_differ(const BucketSums *sums, const Entry *entry);

/* Accepts NULL. */
void bucket_sums_free(BucketSums *sums);

#endif
