/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of several workers that read a dump: it unpacks a chunk and hands the entries to a visitor.
 * sequential_read.h and parallel_read.h decide which chunks it gets and check them.
 */
#ifndef IMPORT_READ_WORKER_H
#define IMPORT_READ_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/compression.h"
#include "common/dump/reader.h"

/* What to do with the entries.  `state` is shared by all workers; a worker's functions are called
 * from its own thread.  Each function may be NULL. */
typedef struct DumpVisitor {
    /* Sets up a worker.  *worker is passed to the other functions; to `end` even after a failure.
     */
    bool (*begin)(void *state, void **worker, Error *error);
    /* Takes a chunk's `entries` tuples, in any order. */
    bool (*visit)(void *state, void *worker, Slice tuples, uint64_t entries, Error *error);
    /* Ends a worker.  `complete`: it has visited all of its chunks.  Accepts NULL. */
    bool (*end)(void *state, void *worker, bool complete, Error *error);
} DumpVisitor;

typedef struct ReadWorker {
    const DumpVisitor *visitor;
    void *state;          /* the visitor's */
    void *visitor_worker; /* from its begin function */
    Decompressor *decompressor;
    DumpChunk chunk; /* as read from the file */
    Buffer content;  /* unpacked */
    SetDigest digest;
} ReadWorker;

/* Sets up a worker.  End with read_worker_end, even after a failure. */
bool read_worker_begin(ReadWorker *worker, const DumpVisitor *visitor, void *state, Error *error);

/* Unpacks the chunk that `reader` has read: fills in content and digest. */
bool read_worker_unpack(ReadWorker *worker, const DumpReader *reader, Error *error);

/* Passes the unpacked entries to the visitor and reports progress.  Then frees a large chunk. */
bool read_worker_visit(ReadWorker *worker, Error *error);

/* Ends a worker.  `done`: it has succeeded so far; if not, the error is kept.  Returns whether all
 * has succeeded. */
bool read_worker_end(ReadWorker *worker, bool done, Error *error);

#endif
