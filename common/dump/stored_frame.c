/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/stored_frame.h"

#include "common/base/bytes.h"
#include "common/base/digest.h"

#include <string.h>

enum {
    MAGIC_SIZE = 4,
    CONTENT_SIZE_SIZE = 8,
    HEADER_SIZE = MAGIC_SIZE + 1 + CONTENT_SIZE_SIZE,
    BLOCK_HEADER_SIZE = 3,
    BLOCK_MAX_SIZE = 128 * 1024,
    CHECKSUM_SIZE = 4
};

static const uint32_t MAGIC = 0xfd2fb528;

/* The frame header's descriptor: the content's size has 8 bytes; the frame is a single segment, so
 * it has no window; it ends with a checksum. */
static const uint8_t DESCRIPTOR = 3 << 6 | 1 << 5 | 1 << 2;

/* Appends a block; a raw block has type 0. */
static uint8_t *put_block(uint8_t *p, Slice content, bool last)
{
    uint32_t header = (uint32_t)content.size << 3 | (last ? 1 : 0);

    p[0] = (uint8_t)header;
    p[1] = (uint8_t)(header >> 8);
    p[2] = (uint8_t)(header >> 16);
    if (content.size > 0) {
        memcpy(p + BLOCK_HEADER_SIZE, content.data, content.size);
    }
    return p + BLOCK_HEADER_SIZE + content.size;
}

bool stored_frame_write(Slice content, Buffer *frame, Error *error)
{
    size_t blocks = content.size / BLOCK_MAX_SIZE + 1;
    size_t offset = 0;
    uint8_t *p;

    frame->size = 0;
    if (!buffer_reserve(frame,
                        HEADER_SIZE + blocks * BLOCK_HEADER_SIZE + content.size + CHECKSUM_SIZE,
                        error)) {
        return false;
    }
    p = frame->data;
    store_le32(p, MAGIC);
    p[MAGIC_SIZE] = DESCRIPTOR;
    store_le64(p + MAGIC_SIZE + 1, content.size);
    p += HEADER_SIZE;
    do {
        size_t rest = content.size - offset;
        size_t size = rest < BLOCK_MAX_SIZE ? rest : BLOCK_MAX_SIZE;

        p = put_block(p, slice_of(content.data + offset, size), size == rest);
        offset += size;
    } while (offset < content.size);
    store_le32(p, (uint32_t)xxh64_of(content));
    frame->size = (size_t)(p + CHECKSUM_SIZE - frame->data);
    return true;
}
