/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs the message StagedEntryData.
 *
 * Nearly all rows of a large database are staged objects.  protobuf-c goes through the description
 * of a message twice, to measure and to pack it, which took an eighth of the instructions of an
 * export that does not compress.
 */
#ifndef COMMON_KV_STAGED_ENTRY_H
#define COMMON_KV_STAGED_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/slice.h"

/* The fields; an empty one is not written.  Borrowed. */
typedef struct StagedEntry {
    Slice key;
    Slice identity;
    Slice data;
} StagedEntry;

size_t staged_entry_size(const StagedEntry *entry);

/* Writes staged_entry_size bytes: those that protobuf-c writes. */
void staged_entry_pack(const StagedEntry *entry, uint8_t *value);

#endif
