/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seek table of the zstd Seekable Format: the sizes of all frames before it, in order.
 *
 * Source: zstd_seekable_compression_format.md of the zstd project, version 0.1.0.  The table has no
 * checksums, as the frames have zstd's content checksum.
 */
#ifndef COMMON_DUMP_SEEK_TABLE_H
#define COMMON_DUMP_SEEK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct SeekTableEntry {
    uint32_t compressed_size;   /* of the whole frame, including its header */
    uint32_t decompressed_size; /* 0 for a skippable frame */
} SeekTableEntry;

/* {0} is an empty table.  End with seek_table_free. */
typedef struct SeekTable {
    SeekTableEntry *entries; /* owned */
    size_t count;
    size_t capacity;
} SeekTable;

bool seek_table_add(SeekTable *table, uint64_t compressed_size, uint64_t decompressed_size,
                    Error *error);

/* Replaces `frame` with the table as a skippable frame. */
bool seek_table_encode(const SeekTable *table, Buffer *frame, Error *error);

/*
 * For a table in a file, whose size nobody vouches for, so that it is read piece by piece: the size
 * of the whole frame that a footer states; whether the frame's first DUMP_SKIPPABLE_HEADER_SIZE
 * bytes and its footer are those of a seek table of that size (EXIT_CODE_DUMP); an entry.
 */
uint64_t seek_table_frame_size(const uint8_t *footer);
bool seek_table_check(const uint8_t *header, const uint8_t *footer, Error *error);
SeekTableEntry seek_table_entry(const uint8_t *bytes);

void seek_table_free(SeekTable *table);

#endif
