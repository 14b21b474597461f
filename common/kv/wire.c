/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/wire.h"

#include <string.h>

static bool read_varint(Slice *message, uint64_t *number)
{
    enum { MORE = 0x80, BITS = 7, MAX_BYTES = 10 };

    *number = 0;
    for (size_t i = 0; i < message->size && i < MAX_BYTES; i++) {
        uint8_t byte = message->data[i];

        *number |= (uint64_t)(byte & (MORE - 1)) << (i * BITS);
        if ((byte & MORE) == 0) {
            *message = slice_of(message->data + i + 1, message->size - i - 1);
            return true;
        }
    }
    return false;
}

static bool read_bytes(Slice *message, uint64_t size, Slice *bytes)
{
    if (size > message->size) {
        return false;
    }
    *bytes = slice_of(message->data, (size_t)size);
    *message = slice_of(message->data + size, message->size - (size_t)size);
    return true;
}

bool wire_next(Slice *message, WireField *field)
{
    enum { TYPE_BITS = 3 };
    const uint8_t *start = message->data;
    uint64_t tag;
    uint64_t size;
    bool done;

    *field = (WireField){0};
    if (!read_varint(message, &tag) || tag >> TYPE_BITS == 0 || tag > UINT32_MAX) {
        return false;
    }
    field->number = (uint32_t)(tag >> TYPE_BITS);
    field->type = (WireType)(tag & ((1 << TYPE_BITS) - 1));
    switch (field->type) {
    case WIRE_VARINT:
        done = read_varint(message, &field->integer);
        break;
    case WIRE_BYTES:
        done = read_varint(message, &size) && read_bytes(message, size, &field->bytes);
        break;
    case WIRE_FIXED64:
        done = read_bytes(message, sizeof(uint64_t), &field->bytes);
        break;
    case WIRE_FIXED32:
        done = read_bytes(message, sizeof(uint32_t), &field->bytes);
        break;
    default:
        done = false; /* groups: no message of lakeFS has any */
        break;
    }
    field->whole = slice_of(start, (size_t)(message->data - start));
    return done;
}

bool wire_next_packed(Slice *numbers, uint64_t *number)
{
    return read_varint(numbers, number);
}

bool wire_matches(const WireField *field, const ProtobufCFieldDescriptor *descriptor)
{
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return field->type == WIRE_BYTES;
    default:
        return field->type == WIRE_VARINT ||
               (field->type == WIRE_BYTES && descriptor->label == PROTOBUF_C_LABEL_REPEATED);
    }
}

bool wire_is_map(const ProtobufCFieldDescriptor *descriptor)
{
    const ProtobufCMessageDescriptor *pair = descriptor->descriptor;

    return descriptor->label == PROTOBUF_C_LABEL_REPEATED &&
           descriptor->type == PROTOBUF_C_TYPE_MESSAGE && pair->n_fields == 2 &&
           strcmp(pair->fields[0].name, "key") == 0 && strcmp(pair->fields[1].name, "value") == 0;
}
