/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of a chunk: between which partition keys, and between which keys, its entries lie.  A
 * reader of a file that looks for some entries skips chunks that cannot hold them.
 *
 * Source: FORMAT.md, "Chunks".  Only the first bytes of partition keys and keys count.
 */
#ifndef COMMON_DUMP_BOUNDS_H
#define COMMON_DUMP_BOUNDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* How many bytes of a partition key or a key count. */
enum { DUMP_BOUND_SIZE = 128 };

/* The least and the greatest of several byte strings, cut to DUMP_BOUND_SIZE. */
typedef struct DumpRange {
    uint8_t first[DUMP_BOUND_SIZE];
    uint8_t last[DUMP_BOUND_SIZE];
    size_t first_size;
    size_t last_size;
} DumpRange;

typedef struct DumpBounds {
    bool known; /* false: of an older dump; the rest is meaningless */
    DumpRange partitions;
    DumpRange keys;
} DumpBounds;

/* What the tuples of a chunk are, found in one pass over them. */
typedef struct DumpScan {
    uint64_t entries;
    SetDigest digest;
    DumpBounds bounds; /* not known if there are no entries */
} DumpScan;

/* Fails like entry_next; *offset is then where the bad entry starts. */
bool dump_scan(Slice tuples, DumpScan *scan, size_t *offset, const char **problem);

/* Adds the bounds to an announcement; NULL, having freed it, when out of memory.  Takes NULL. */
json_t *dump_bounds_encode(const DumpBounds *bounds, json_t *announcement);

/* Reads them from an announcement.  False with EXIT_CODE_DUMP if they cannot be right. */
bool dump_bounds_decode(const json_t *announcement, DumpBounds *bounds, Error *error);

bool dump_bounds_equal(const DumpBounds *a, const DumpBounds *b);

/* Whether a chunk may hold an entry of the partition (NULL: any) whose key begins with the prefix
 * (NULL: any).  True if the bounds are not known. */
bool dump_bounds_admit(const DumpBounds *bounds, const Slice *partition, const Slice *prefix);

#endif
