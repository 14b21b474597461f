/*
 * Reading a dump's file again, from many places at the same time.
 *
 * Entries of one partition stand together in a dump.  A store that spreads its load by partition,
 * and lets each take only so much (DynamoDB: 1,000 write units a second, whatever the table's
 * capacity), is loaded the faster the more of them come at the same time.
 */
#ifndef IMPORT_DUMP_SPREAD_H
#define IMPORT_DUMP_SPREAD_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "import/dump_worker.h"

/* How many, where the dump has so many chunks: each has one in memory. */
enum { DUMP_SPREAD_PLACES = 16 };

/*
 * Visits all chunks of the file, by as many workers as there are places.  The manifest is that of
 * the same dump, which was read whole before; what is read now is held against it.  Progress is
 * told chunk by chunk.
 */
bool dump_visit_spread(const char *path, const DumpManifest *manifest, const DumpVisitor *visitor,
                       void *state, Error *error);

#endif
