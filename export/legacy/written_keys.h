/*
 * The keys that were written, of all workers: for rows that may come to the same key though they
 * differ.
 */
#ifndef EXPORT_LEGACY_WRITTEN_KEYS_H
#define EXPORT_LEGACY_WRITTEN_KEYS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct WrittenKeys WrittenKeys;

bool written_keys_new(WrittenKeys **keys, Error *error);

/* Adds a key; *added is false where it was there already.  Any thread may call it. */
bool written_keys_add(WrittenKeys *keys, Slice partition_key, Slice key, bool *added, Error *error);

/* Takes NULL. */
void written_keys_free(WrittenKeys *keys);

#endif
