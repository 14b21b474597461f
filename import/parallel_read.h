/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a dump file a second time, several sections of it in parallel.
 *
 * A dump keeps the entries of a partition together.  A store that spreads its load by partition and
 * limits each one (DynamoDB: 1,000 write units a second, whatever the table's capacity) loads
 * faster the more partitions arrive at the same time.
 */
#ifndef IMPORT_PARALLEL_READ_H
#define IMPORT_PARALLEL_READ_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "import/read_worker.h"

/* Sections of a dump that has at least as many chunks.  Each keeps one chunk in memory. */
enum { PARALLEL_READ_SECTIONS = 16 };

/*
 * Visits all chunks of the file, with a worker for each section.  The manifest comes from an
 * earlier reading of the whole dump; what is read now is checked against it.  Reports progress
 * after each chunk.
 */
bool parallel_read_dump(const char *path, const DumpManifest *manifest, const DumpVisitor *visitor,
                        void *state, Error *error);

#endif
