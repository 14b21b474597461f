/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/seek_table.h"

#include "common/base/bytes.h"
#include "common/dump/format.h"

#include <stdlib.h>

bool seek_table_add(SeekTable *table, uint64_t compressed_size, uint64_t decompressed_size,
                    Error *error)
{
    if (table->count == DUMP_SEEK_TABLE_MAX_FRAMES || compressed_size > UINT32_MAX ||
        decompressed_size > UINT32_MAX) {
        return error_set(error, EXIT_CODE_FAILED, "the dump exceeds the limits of a seek table");
    }
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        SeekTableEntry *entries = realloc(table->entries, capacity * sizeof *entries);

        if (entries == NULL) {
            return error_out_of_memory(error);
        }
        table->entries = entries;
        table->capacity = capacity;
    }
    table->entries[table->count++] =
        (SeekTableEntry){(uint32_t)compressed_size, (uint32_t)decompressed_size};
    return true;
}

bool seek_table_encode(const SeekTable *table, Buffer *frame, Error *error)
{
    size_t payload = table->count * DUMP_SEEK_TABLE_ENTRY_SIZE + DUMP_SEEK_TABLE_FOOTER_SIZE;
    uint8_t *p;

    frame->size = 0;
    if (!buffer_reserve(frame, DUMP_SKIPPABLE_HEADER_SIZE + payload, error)) {
        return false;
    }
    p = frame->data;
    store_le32(p, DUMP_SEEK_TABLE_MAGIC);
    store_le32(p + 4, (uint32_t)payload);
    p += DUMP_SKIPPABLE_HEADER_SIZE;
    for (size_t i = 0; i < table->count; i++, p += DUMP_SEEK_TABLE_ENTRY_SIZE) {
        store_le32(p, table->entries[i].compressed_size);
        store_le32(p + 4, table->entries[i].decompressed_size);
    }
    store_le32(p, (uint32_t)table->count);
    p[4] = 0; /* descriptor: no checksums */
    store_le32(p + 5, DUMP_SEEK_TABLE_FOOTER_MAGIC);
    frame->size = DUMP_SKIPPABLE_HEADER_SIZE + payload;
    return true;
}

uint64_t seek_table_frame_size(const uint8_t *footer)
{
    return DUMP_SKIPPABLE_HEADER_SIZE + (uint64_t)load_le32(footer) * DUMP_SEEK_TABLE_ENTRY_SIZE +
           DUMP_SEEK_TABLE_FOOTER_SIZE;
}

bool seek_table_check(const uint8_t *header, const uint8_t *footer, Error *error)
{
    bool valid =
        load_le32(header) == DUMP_SEEK_TABLE_MAGIC &&
        load_le32(header + 4) == seek_table_frame_size(footer) - DUMP_SKIPPABLE_HEADER_SIZE &&
        load_le32(footer + 5) == DUMP_SEEK_TABLE_FOOTER_MAGIC && footer[4] == 0 &&
        load_le32(footer) <= DUMP_SEEK_TABLE_MAX_FRAMES;

    return valid || error_set(error, EXIT_CODE_DUMP, "the seek table is not valid");
}

SeekTableEntry seek_table_entry(const uint8_t *bytes)
{
    return (SeekTableEntry){load_le32(bytes), load_le32(bytes + 4)};
}

void seek_table_free(SeekTable *table)
{
    free(table->entries);
    *table = (SeekTable){0};
}
