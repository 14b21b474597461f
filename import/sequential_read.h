/*
 * Reading a whole dump by several workers at once: one reads a chunk of the file while others
 * decompress and use theirs.  All of the dump's checks are made.
 */
#ifndef IMPORT_SEQUENTIAL_READ_H
#define IMPORT_SEQUENTIAL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"
#include "import/read_worker.h"

/* Visits all chunks by `workers` workers, then fills the manifest and holds it against what was
 * read.  Progress is told chunk by chunk.  End with dump_manifest_free. */
bool sequential_read_dump(DumpReader *reader, size_t workers, const DumpVisitor *visitor,
                          void *state, DumpManifest *manifest, Error *error);

#endif
