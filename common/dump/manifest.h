/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: counts and digests of all that precedes it.  A dump without it is incomplete.
 * FORMAT.md, "Manifest".
 */
#ifndef COMMON_DUMP_MANIFEST_H
#define COMMON_DUMP_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/header.h"

/* Rows of a source table, per table or per table and reason. */
typedef struct DumpCount {
    const char *table;  /* borrowed */
    const char *reason; /* borrowed; "" for a count per table */
    uint64_t rows;
} DumpCount;

/* A list of counts; {0} is empty.  End with dump_counts_free. */
typedef struct DumpCounts {
    DumpCount *items; /* owned */
    size_t count;
} DumpCounts;

/* Adds rows to the count of a table and reason.  The strings must outlive the list. */
bool dump_counts_add(DumpCounts *counts, const char *table, const char *reason, uint64_t rows,
                     Error *error);
bool dump_counts_merge(DumpCounts *counts, const DumpCounts *more, Error *error);
uint64_t dump_counts_total(const DumpCounts *counts);
/* Encodes counts as in a manifest: an array of objects with table, rows and, with `with_reasons`,
 * reason, sorted by table and reason.  The caller owns it; NULL when out of memory. */
json_t *dump_counts_encode(const DumpCounts *counts, bool with_reasons);
void dump_counts_free(DumpCounts *counts);

/* Totals of a package's chunks. */
typedef struct DumpPackageTotals {
    uint64_t entries;
    uint64_t bytes; /* of the entries' tuples */
    uint64_t chunks;
    SetDigest set_digest;
} DumpPackageTotals;

/* Adds a chunk. */
void dump_totals_add(DumpPackageTotals *totals, uint64_t entries, uint64_t bytes, SetDigest digest);

typedef struct DumpPackageSummary {
    const char *name;
    DumpPackageTotals totals;
    DumpCounts source_rows; /* rows read, per table */
    DumpCounts left_out;    /* rows that have no place in the KV model, per table and reason */
    DumpCounts adjusted;    /* rows that the dump holds in changed form, likewise */
} DumpPackageSummary;

typedef struct DumpManifest {
    DumpPackageSummary packages[DUMP_MAX_PACKAGES]; /* in the header's order */
    size_t package_count;
    uint64_t stream_size; /* bytes of the decompressed stream, COPY header and trailer included */
    char stream_sha256[SHA256_TEXT_SIZE + 1]; /* "" if the header says there is none */
    uint64_t file_size;                       /* bytes of the file before the manifest's frame */
    char file_xxh64[XXH64_TEXT_SIZE + 1];
    void *json; /* owns the strings of a manifest that was read */
} DumpManifest;

/* Total number of entries of all packages. */
uint64_t dump_manifest_entries(const DumpManifest *manifest);

/* The set digest of all entries: equal for equal stores, whatever they are kept in. */
SetDigest dump_manifest_set_digest(const DumpManifest *manifest);

/* Compares the packages with the totals of what was read, in the header's order; false with
 * EXIT_CODE_DUMP. */
bool dump_manifest_check_totals(const DumpManifest *manifest, const DumpPackageTotals *totals,
                                Error *error);

/* The JSON text, malloced; NULL when out of memory. */
char *dump_manifest_encode(const DumpManifest *manifest, Error *error);

/* Parses the JSON text; false with EXIT_CODE_DUMP when it is not a manifest.  End with
 * dump_manifest_free, also after a failure. */
bool dump_manifest_decode(Slice text, DumpManifest *manifest, Error *error);

void dump_manifest_free(DumpManifest *manifest);

#endif
