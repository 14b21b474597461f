/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KV keys that all workers have written, to detect different rows that give the same key.
 */
#ifndef EXPORT_LEGACY_WRITTEN_KEYS_H
#define EXPORT_LEGACY_WRITTEN_KEYS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct WrittenKeys WrittenKeys;

bool written_keys_new(WrittenKeys **keys, Error *error);

/* Adds a key; *added is false if the set already has it.  Thread-safe. */
bool written_keys_add(WrittenKeys *keys, Slice partition_key, Slice key, bool *added, Error *error);

/* Accepts NULL. */
void written_keys_free(WrittenKeys *keys);

#endif
