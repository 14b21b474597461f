/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares two dumps, or a dump and a store, and finds the entries that differ.
 *
 * Two dumps with equal digests in their manifests are equal; their entries are not read then.  Of
 * others every byte is read once, and chunks that are equal byte for byte are passed over: pages
 * of a database that have not changed give such chunks.  The rest is read twice: once for sums
 * (bucket_sums.h), which show the few entries that may differ, and once to collect these
 * (sorter.h).
 */
#ifndef IMPORT_DIFF_COMPARISON_H
#define IMPORT_DIFF_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/store/store.h"
#include "import/diff/bucket_sums.h"
#include "import/diff/dump_file.h"
#include "import/diff/exclusions.h"
#include "import/diff/scope.h"
#include "import/diff/sorter.h"
#include "import/options.h"

/* {0} is an empty one.  End with comparison_free. */
typedef struct Comparison {
    const ImportOptions *options;
    DumpFile old_dump;
    DumpFile new_dump; /* not open if a store is compared */
    const StoreDriver *driver;
    StoreOptions store_options;
    Store *store;
    Exclusions exclusions;
    DiffScope scope;
    uint64_t versions[2]; /* the KV versions, by side */
    bool equal;           /* the result */
    BucketSums *sums;
    Sorter *sorter;
    Difference first; /* unless they are equal */
    bool first_taken;
} Comparison;

/* Compares the dump of options->diff, the old one, with that of options->file. */
bool comparison_of_dumps(const ImportOptions *options, Comparison *comparison, Error *error);

/* Compares the dump of options->diff with the store. */
bool comparison_with_store(const ImportOptions *options, Comparison *comparison, Error *error);

/* How many entries were compared: of the old dump, or of one that is limited to some repositories.
 */
uint64_t comparison_entries(const Comparison *comparison);

/* Returns the next difference, sorted as by sorter_next. */
bool comparison_next(Comparison *comparison, Difference *difference, bool *end, Error *error);

void comparison_free(Comparison *comparison);

#endif
