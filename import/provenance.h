/*
 * Where a KV table comes from: kept as the comment of the table, so that a later cleanup can tell
 * whether the legacy tables are still as they were read, and what became of their rows.
 */
#ifndef IMPORT_PROVENANCE_H
#define IMPORT_PROVENANCE_H

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"

/*
 * JSON text, malloced; NULL when out of memory.  An object with the members imported_by (program
 * and version), imported (the time of the stamp), dump_created, stream_sha256 (where the dump has
 * it), source (database, schema, system_identifier, snapshot, time: the header's), source_rows (the
 * rows read of each legacy table), entries (of each package), left_out and adjusted (as the
 * manifest's, but of all packages).  `imported` is RFC 3339, UTC.
 */
char *provenance_encode(const DumpHeader *header, const DumpManifest *manifest,
                        const char *imported, Error *error);

#endif
