/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provenance of a KV store: where its entries come from.  It is kept with them, as the comment
 * of a table or in the version's item, so that a later cleanup can tell whether the legacy tables
 * are unchanged since they were read and what became of their rows, and so that another load can
 * tell whether it would bring the same entries.
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
    const char *endpoint; /* "": AWS */
    uint64_t version;     /* version of the stamp */
} ProvenanceStore;

/*
 * Returns malloced JSON text; NULL when out of memory.  An object with the members imported_by
 * (program and version), imported (the time of the stamp), dump_created, stream_sha256 (if the dump
 * has it), source (database, database_oid, schema, system_identifier, tables, snapshot, time: the
 * header's), source_rows (rows read per legacy table), entries and set_digests (per package),
 * left_out and adjusted (like the manifest's, but for all packages together), and store (type
 * "dynamodb", table, region, endpoint, kv_version), unless `store` is NULL because the entries are
 * in the same database.  `imported` is RFC 3339, UTC.
 */
char *provenance_encode(const DumpHeader *header, const DumpManifest *manifest,
                        const char *imported, const ProvenanceStore *store, Error *error);

/* Tells whether a text (NULL: none) is the mark of a database that was put back from this store,
 * see legacy_database.h. */
bool provenance_is_reverted(const char *text, const ProvenanceStore *store);

/* Tells whether a text written by provenance_encode (NULL: none) says that the store holds exactly
 * the dump's entries, from the same database. */
bool provenance_matches(const char *text, const DumpHeader *header, const DumpManifest *manifest);

#endif
