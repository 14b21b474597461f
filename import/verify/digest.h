/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digest of what a KV store holds.
 */
#ifndef IMPORT_VERIFY_DIGEST_H
#define IMPORT_VERIFY_DIGEST_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* --digest: prints the digest of all entries but the version's in one line of JSON, for kv-migrate,
 * which compares it with the note of the load: an object with the members version, entries and
 * set_digest. */
bool digest_store(ImportOptions *options, Error *error);

#endif
