/*
 * Where the entries of a KV store come from: kept beside them, as the comment of a table or in the
 * version's item, so that a later cleanup can tell whether the legacy tables are still as they were
 * read, and what became of their rows; and another load, whether it would bring the same.
 */
#ifndef COMMON_STORE_PROVENANCE_H
#define COMMON_STORE_PROVENANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/dump/manifest.h"

/* A store in DynamoDB. */
typedef struct ProvenanceStore {
    const char *table;
    const char *region;
    const char *endpoint; /* "": AWS's own */
    uint64_t version;     /* that was stamped */
} ProvenanceStore;

/*
 * JSON text, malloced; NULL when out of memory.  An object with the members imported_by (program
 * and version), imported (the time of the stamp), dump_created, stream_sha256 (where the dump has
 * it), source (database, schema, system_identifier, snapshot, time: the header's), source_rows (the
 * rows read of each legacy table), entries and set_digests (of each package), left_out and adjusted
 * (as the manifest's, but of all packages), and store (type "dynamodb", table, region, endpoint,
 * kv_version) unless that is NULL: the entries are beside the text.  `imported` is RFC 3339, UTC.
 */
char *provenance_encode(const DumpHeader *header, const DumpManifest *manifest,
                        const char *imported, const ProvenanceStore *store, Error *error);

/* Whether a text of provenance_encode (NULL: none) says that the store holds just what the dump
 * does, of the same database. */
bool provenance_matches(const char *text, const DumpHeader *header, const DumpManifest *manifest);

#endif
