/*
 * The dump's last frame of its own: counts and digests of all that stands before it.  Without it a
 * dump is not complete.  FORMAT.md, "Manifest".
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

/* Rows of a source table, counted per table or per table and reason. */
typedef struct DumpCount {
    const char *table;  /* borrowed */
    const char *reason; /* borrowed; "" where only the table counts */
    uint64_t rows;
} DumpCount;

/* A list of counts; {0} is empty.  End with dump_counts_free. */
typedef struct DumpCounts {
    DumpCount *items; /* owned */
    size_t count;
} DumpCounts;

/* Adds rows to the count of the table and reason.  The texts must outlive the list. */
bool dump_counts_add(DumpCounts *counts, const char *table, const char *reason, uint64_t rows,
                     Error *error);
bool dump_counts_merge(DumpCounts *counts, const DumpCounts *more, Error *error);
uint64_t dump_counts_total(const DumpCounts *counts);
/* As they stand in a manifest: an array of objects with table, rows and, if asked for, reason, by
 * table and reason.  The caller owns it; NULL when out of memory. */
json_t *dump_counts_encode(const DumpCounts *counts, bool with_reasons);
void dump_counts_free(DumpCounts *counts);

/* What the chunks of one package amount to. */
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
    DumpCounts adjusted;    /* rows that are not in the dump to the letter, likewise */
} DumpPackageSummary;

typedef struct DumpManifest {
    DumpPackageSummary packages[DUMP_MAX_PACKAGES]; /* in the header's order */
    size_t package_count;
    uint64_t stream_size; /* bytes of the decompressed stream, COPY header and trailer included */
    char stream_sha256[SHA256_TEXT_SIZE + 1]; /* "" where the header says that there is none */
    uint64_t file_size;                       /* bytes of the file before the manifest's frame */
    char file_xxh64[XXH64_TEXT_SIZE + 1];
    void *json; /* owner of the texts of a manifest that was read */
} DumpManifest;

/* The sum of entries over all packages. */
uint64_t dump_manifest_entries(const DumpManifest *manifest);

/* Whether the packages amount to what was read, in the header's order; false with EXIT_CODE_DUMP.
 */
bool dump_manifest_check_totals(const DumpManifest *manifest, const DumpPackageTotals *totals,
                                Error *error);

/* The JSON text, malloced; NULL when out of memory. */
char *dump_manifest_encode(const DumpManifest *manifest, Error *error);

/* Reads the JSON text; false with EXIT_CODE_DUMP when it is no manifest.  End with
 * dump_manifest_free, also after a failure. */
bool dump_manifest_decode(Slice text, DumpManifest *manifest, Error *error);

void dump_manifest_free(DumpManifest *manifest);

#endif
