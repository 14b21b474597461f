/*
 * Reading a dump's file again, from many places at the same time.
 *
 * Entries of one partition stand together in a dump.  A store that spreads its load by partition,
 * and lets each take only so much (DynamoDB: 1,000 write units a second, whatever the table's
 * capacity), is loaded the faster the more of them come at the same time.
 */
#ifndef IMPORT_PARALLEL_READ_H
#define IMPORT_PARALLEL_READ_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "import/read_worker.h"

/* How many, where the dump has so many chunks: each has one in memory. */
enum { PARALLEL_READ_SECTIONS = 16 };

/*
 * Visits all chunks of the file, by as many workers as there are places.  The manifest is that of
 * the same dump, which was read whole before; what is read now is held against it.  Progress is
 * told chunk by chunk.
 */
bool parallel_read_dump(const char *path, const DumpManifest *manifest, const DumpVisitor *visitor,
                        void *state, Error *error);

#endif
