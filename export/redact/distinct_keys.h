/*
 * Whether keys of redacted entries are all different, whichever worker wrote them: two names may
 * have one pseudonym, unlikely as it is, and of their entries a load would keep one at most.
 *
 * Of each key a digest of 16 bytes is kept, as there are as many keys as entries.
 */
#ifndef EXPORT_REDACT_DISTINCT_KEYS_H
#define EXPORT_REDACT_DISTINCT_KEYS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct DistinctKeys DistinctKeys;

bool distinct_keys_new(DistinctKeys **keys, Error *error);

/* Adds a key.  False with EXIT_CODE_FAILED when it was there already.  Any thread may call it. */
bool distinct_keys_add(DistinctKeys *keys, Slice partition_key, Slice key, Error *error);

/* Takes NULL. */
void distinct_keys_free(DistinctKeys *keys);

#endif
