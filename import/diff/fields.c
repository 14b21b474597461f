/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/fields.h"

#include "common/base/digest.h"
#include "common/kv/wire.h"
#include "import/verify/entry_digest.h"

Slice field_bytes(Slice message, uint32_t number)
{
    Slice found = slice_text("");
    WireField field;

    while (message.size > 0 && wire_next(&message, &field)) {
        if (field.number == number && field.type == WIRE_BYTES) {
            found = field.bytes;
        }
    }
    return found;
}

uint64_t field_number(Slice message, uint32_t number)
{
    uint64_t found = 0;
    WireField field;

    while (message.size > 0 && wire_next(&message, &field)) {
        if (field.number == number && field.type == WIRE_VARINT) {
            found = field.integer;
        }
    }
    return found;
}

bool field_next(Slice *message, uint32_t number, Slice *bytes)
{
    WireField field;

    while (message->size > 0 && wire_next(message, &field)) {
        if (field.number == number && field.type == WIRE_BYTES) {
            *bytes = field.bytes;
            return true;
        }
    }
    *message = slice_of(message->data, 0);
    return false;
}

bool field_differs(Slice a, Slice b, const ProtobufCFieldDescriptor *field)
{
    return !set_digest_equal(entry_field_digest(a, field), entry_field_digest(b, field));
}
