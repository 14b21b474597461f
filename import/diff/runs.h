/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted runs of records in a temporary file, and their merging.
 */
#ifndef IMPORT_DIFF_RUNS_H
#define IMPORT_DIFF_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* {0} has no runs.  Call runs_begin and runs_write for each run, then runs_merge, then runs_next;
 * end with runs_free. */
typedef struct Runs {
    struct Run *items; /* owned; a heap while merging, the one with the least record first */
    size_t count;
    size_t capacity;
    int fd;        /* once there is a run; see count */
    uint64_t size; /* of the file */
} Runs;

/* Begins a run; its records are written after one another, in order. */
bool runs_begin(Runs *runs, Error *error);
bool runs_write(Runs *runs, Slice records, Error *error);

/* Prepares to read all runs as one, with `memory` bytes for their windows. */
bool runs_merge(Runs *runs, size_t memory, Error *error);

/* The least record; NULL after the last one.  Valid until runs_advance, which takes it away. */
const uint8_t *runs_least(const Runs *runs);
bool runs_advance(Runs *runs, Error *error);

void runs_free(Runs *runs);

#endif
