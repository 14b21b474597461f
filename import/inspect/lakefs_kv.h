/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries as `lakefs kv load --strategy overwrite` reads them, for stores that only lakeFS can
 * write: one JSON object with the members version ("1.0"), timestamp and entries, which are objects
 * with partition and key as strings and the value in base64.
 *
 * Source: the hidden commands `lakefs kv dump` and `lakefs kv load`, which lakeFS has since 1.70.
 *
 * The functions append to the buffer.
 */
#ifndef IMPORT_INSPECT_LAKEFS_KV_H
#define IMPORT_INSPECT_LAKEFS_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/kv/entry.h"

/* What comes before the first entry.  `time`: RFC 3339, UTC. */
bool lakefs_kv_begin(Buffer *json, const char *time, Error *error);

/* An entry, with a comma before it and the end of the line behind it; leave out the comma of the
 * first one.  EXIT_CODE_FAILED, naming partition and key, if one of them is empty, which lakeFS
 * does not load, or not UTF-8, which JSON cannot hold. */
bool lakefs_kv_entry(Buffer *json, const Entry *entry, Error *error);

/* The version's entry, likewise.  lakeFS writes in the order of the file and stops at an error, so
 * it comes last. */
bool lakefs_kv_version(Buffer *json, uint64_t version, Error *error);

/* What comes after the last entry.  Without it, no lakeFS reads any of the object. */
bool lakefs_kv_end(Buffer *json, Error *error);

#endif
