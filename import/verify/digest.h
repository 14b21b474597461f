/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digest of what a KV store holds.
 */
#ifndef IMPORT_VERIFY_DIGEST_H
#define IMPORT_VERIFY_DIGEST_H

#include <stdbool.h>

#include "common/base/digest.h"
#include "common/base/error.h"
#include "import/options.h"

/* All entries but the version's. */
typedef struct StoreSum {
    uint64_t version;
    uint64_t entries;
    SetDigest digest;
} StoreSum;

/* Reads the whole store that the options name, with a connection of its own, and reports progress,
 * of about so many entries; 0: unknown. */
bool digest_read(const ImportOptions *options, uint64_t expected, StoreSum *sum, Error *error);

/* --digest: prints it in one line of JSON, for kv-migrate, which compares it with the note of the
 * load: an object with the members version, entries and set_digest. */
bool digest_store(ImportOptions *options, Error *error);

#endif
