/*
 * Reading a whole dump by several workers at once: one reads a chunk of the file while others
 * decompress and use theirs.  All of the dump's checks are made.
 */
#ifndef IMPORT_DUMP_VISIT_H
#define IMPORT_DUMP_VISIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"
#include "import/dump_worker.h"

/* Visits all chunks by `workers` workers, then fills the manifest and holds it against what was
 * read.  Progress is told chunk by chunk.  End with dump_manifest_free. */
bool dump_visit(DumpReader *reader, size_t workers, const DumpVisitor *visitor, void *state,
                DumpManifest *manifest, Error *error);

#endif
