/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/staged_entry.h"

#include "common/kv/wire.h"

/* Of a varint: bits of the number in each byte, and the bit that says that another one follows. */
enum { VARINT_BITS = 7, VARINT_MORE = 1 << VARINT_BITS };

static size_t field_size(Slice bytes)
{
    size_t size = 2;

    for (size_t rest = bytes.size; rest >= VARINT_MORE; rest >>= VARINT_BITS) {
        size++;
    }
    return bytes.size == 0 ? 0 : size + bytes.size;
}

static uint8_t *put_field(uint8_t *p, unsigned number, Slice bytes)
{
    enum { TYPE_BITS = 3 };
    size_t rest = bytes.size;

    if (rest == 0) {
        return p;
    }
    *p++ = (uint8_t)(number << TYPE_BITS | WIRE_BYTES);
    for (; rest >= VARINT_MORE; rest >>= VARINT_BITS) {
        *p++ = (uint8_t)(rest | VARINT_MORE);
    }
    *p++ = (uint8_t)rest;
    memcpy(p, bytes.data, bytes.size);
    return p + bytes.size;
}

size_t staged_entry_size(const StagedEntry *entry)
{
    return field_size(entry->key) + field_size(entry->identity) + field_size(entry->data);
}

void staged_entry_pack(const StagedEntry *entry, uint8_t *value)
{
    value = put_field(value, 1, entry->key);
    value = put_field(value, 2, entry->identity);
    put_field(value, 3, entry->data);
}
