/*
 * One of several workers that read a dump: it has a chunk, unpacks it, and hands its entries to a
 * visitor.  Which chunks it gets, and what they are held against, is for sequential_read.h and
 * parallel_read.h.
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

/* What is done with the entries.  `state` is the same for all workers; the functions of one worker
 * are called from its own thread.  Each may be NULL: then nothing is done. */
typedef struct DumpVisitor {
    /* Readies a worker; *worker is handed to the others, to `end` also after a failure. */
    bool (*begin)(void *state, void **worker, Error *error);
    /* Takes a chunk's `entries` tuples, in any order. */
    bool (*visit)(void *state, void *worker, Slice tuples, uint64_t entries, Error *error);
    /* Ends a worker; `complete`: it has seen all that it was to see.  Takes NULL. */
    bool (*end)(void *state, void *worker, bool complete, Error *error);
} DumpVisitor;

typedef struct ReadWorker {
    const DumpVisitor *visitor;
    void *state;          /* the visitor's */
    void *visitor_worker; /* what its begin has made */
    Decompressor *decompressor;
    DumpChunk chunk; /* as it was read */
    Buffer content;  /* unpacked */
    SetDigest digest;
} ReadWorker;

/* Readies a worker; end with read_worker_end, also after a failure. */
bool read_worker_begin(ReadWorker *worker, const DumpVisitor *visitor, void *state, Error *error);

/* Unpacks the chunk, which is the reader's: fills content and digest. */
bool read_worker_unpack(ReadWorker *worker, const DumpReader *reader, Error *error);

/* Hands what was unpacked to the visitor, and tells the progress. */
bool read_worker_visit(ReadWorker *worker, Error *error);

/* `done`: so far all went well; else the error stays as it is.  Returns whether it still does. */
bool read_worker_end(ReadWorker *worker, bool done, Error *error);

#endif
