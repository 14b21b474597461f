/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a chunk: tuples of COPY BINARY with three fields, none of them NULL.
 */
#ifndef COMMON_KV_ENTRY_H
#define COMMON_KV_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/pg/copy_binary.h"

typedef struct Entry {
    Slice partition_key;
    Slice key;
    Slice value;
} Entry;

/* The fields of a tuple: partition key, key, value. */
enum { ENTRY_FIELDS = 3 };

/* Returns the size of an entry's tuple, in bytes. */
size_t entry_tuple_size(size_t partition_key_size, size_t key_size, size_t value_size);

/* Appends a tuple with room for `value_size` bytes of value, which the caller writes to *value
 * before the buffer changes again. */
bool entry_append(Buffer *tuples, Slice partition_key, Slice key, size_t value_size,
                  uint8_t **value, Error *error);

/* Reads the first entry of `tuples` and advances `tuples` past it; the entry points into it.
 * False, with a constant string in *problem, when there is no complete entry. */
bool entry_next(Slice *tuples, Entry *entry, const char **problem);

/* The same; also returns the entry's tuple. */
bool entry_next_tuple(Slice *tuples, Entry *entry, Slice *tuple, const char **problem);

/* Makes the entry, and its tuple, from parsed fields that point into the tuple.  False when a field
 * is NULL. */
bool entry_from_fields(const CopyField fields[ENTRY_FIELDS], Entry *entry, Slice *tuple);

#endif
