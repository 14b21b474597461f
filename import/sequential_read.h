/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a whole dump from beginning to end: one worker reads a chunk while others decompress and
 * use theirs.  Makes all of the dump's checks.
 */
#ifndef IMPORT_SEQUENTIAL_READ_H
#define IMPORT_SEQUENTIAL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"
#include "import/read_worker.h"

/* Visits all chunks with `workers` workers, then fills in the manifest and checks it against what
 * was read.  Reports progress after each chunk.  End with dump_manifest_free. */
bool sequential_read_dump(DumpReader *reader, size_t workers, const DumpVisitor *visitor,
                          void *state, DumpManifest *manifest, Error *error);

#endif
