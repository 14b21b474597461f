/*
 * Entries as they stand in a chunk: tuples of COPY BINARY with three fields, none of them NULL.
 */
#ifndef COMMON_KV_ENTRY_H
#define COMMON_KV_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/digest.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/pg/copy_binary.h"

typedef struct Entry {
    Slice partition_key;
    Slice key;
    Slice value;
} Entry;

/* The fields of an entry's tuple: partition key, key, value. */
enum { ENTRY_FIELDS = 3 };

/* The size of the entry's tuple. */
size_t entry_tuple_size(size_t partition_key_size, size_t key_size, size_t value_size);

/* Appends the entry's tuple with room for `value_size` bytes; *value is where the caller writes
 * them, before the buffer is touched again. */
bool entry_append(Buffer *tuples, Slice partition_key, Slice key, size_t value_size,
                  uint8_t **value, Error *error);

/* Reads the entry at the beginning of `tuples` and moves `tuples` behind it; the entry points into
 * it.  False, with a constant text in *problem, when no whole entry is there. */
bool entry_next(Slice *tuples, Entry *entry, const char **problem);

/* The same, and the entry's tuple as it stands there. */
bool entry_next_tuple(Slice *tuples, Entry *entry, Slice *tuple, const char **problem);

/* The entry of parsed fields, which point into its tuple, and that tuple.  False when a field is
 * NULL. */
bool entry_from_fields(const CopyField fields[ENTRY_FIELDS], Entry *entry, Slice *tuple);

/* Counts the entries and adds each to the digest.  False as in entry_next; *offset is then where
 * the entry in question begins. */
bool entry_scan(Slice tuples, uint64_t *count, SetDigest *digest, size_t *offset,
                const char **problem);

#endif
