/*
 * Reading a whole dump by several workers at once: one reads a chunk of the file while others
 * decompress and use theirs.  All of the dump's checks are made.
 */
#ifndef IMPORT_DUMP_VISIT_H
#define IMPORT_DUMP_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"

/* What is done with the entries.  The functions of one worker are called from its own thread; each
 * may be NULL: then nothing is done.  Without `begin`, the worker is the state. */
typedef struct DumpVisitor {
    /* Readies a worker; *worker is handed to the others, to `end` also after a failure. */
    bool (*begin)(void *state, void **worker, Error *error);
    /* Takes a chunk's `entries` tuples, in any order. */
    bool (*visit)(void *worker, Slice tuples, uint64_t entries, Error *error);
    /* Ends a worker; `complete`: it has seen all that it was to see.  Takes NULL. */
    bool (*end)(void *worker, bool complete, Error *error);
} DumpVisitor;

/* Visits all chunks by `workers` workers, then fills the manifest and holds it against what was
 * read.  Progress is told chunk by chunk.  End with dump_manifest_free. */
bool dump_visit(DumpReader *reader, size_t workers, const DumpVisitor *visitor, void *state,
                DumpManifest *manifest, Error *error);

#endif
