/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KV keys that several rows may give, with the rows that gave them, to detect two rows of one key.
 *
 * Most keys cannot: they are made of unique columns.  Callers add those that can; see
 * source_row.h, source_check_key.
 */
#ifndef EXPORT_LEGACY_WRITTEN_KEYS_H
#define EXPORT_LEGACY_WRITTEN_KEYS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct WrittenKeys WrittenKeys;

bool written_keys_new(WrittenKeys **keys, Error *error);

/* Adds the key of a row, described by the text `row`.  If there is such a key already, *other is
 * the row that it is of, valid as long as the set; else NULL.  Thread-safe. */
bool written_keys_add(WrittenKeys *keys, Slice partition_key, Slice key, const char *row,
                      const char **other, Error *error);

/* Accepts NULL. */
void written_keys_free(WrittenKeys *keys);

#endif
