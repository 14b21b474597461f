/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that the keys of all redacted entries differ, across workers.  Two names may get the same
 * pseudonym, though that is unlikely, and a load would keep only one of their entries.
 *
 * Keeps a digest of 16 bytes for each entry.
 */
#ifndef EXPORT_REDACT_DISTINCT_KEYS_H
#define EXPORT_REDACT_DISTINCT_KEYS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct DistinctKeys DistinctKeys;

bool distinct_keys_new(DistinctKeys **keys, Error *error);

/* Adds a key.  Fails with EXIT_CODE_FAILED if the key was added before.  Thread-safe. */
bool distinct_keys_add(DistinctKeys *keys, Slice partition_key, Slice key, Error *error);

/* Accepts NULL. */
void distinct_keys_free(DistinctKeys *keys);

#endif
