/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf's wire format, field by field, without unpacking and copying a message.
 *
 * Source: protobuf.dev, "Encoding".
 */
#ifndef COMMON_KV_WIRE_H
#define COMMON_KV_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/slice.h"

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2, /* bytes, text, a message, packed numbers */
    WIRE_FIXED32 = 5
} WireType;

/* A field as it is in a message, which its slices point into. */
typedef struct WireField {
    uint32_t number;
    WireType type;
    uint64_t integer; /* of WIRE_VARINT */
    Slice bytes;      /* of WIRE_BYTES */
    Slice whole;      /* with its tag */
} WireField;

/* Reads the first field of a message that is not at its end, and advances past it.  False if it is
 * malformed. */
bool wire_next(Slice *message, WireField *field);

/* Reads a number of packed ones likewise. */
bool wire_next_packed(Slice *numbers, uint64_t *number);

/* Whether a field has one of the types that a value of this kind has on the wire.  Numbers of a
 * repeated field may be packed. */
bool wire_matches(const WireField *field, const ProtobufCFieldDescriptor *descriptor);

/* Whether a field is a map: pairs of a key and a value, in any order. */
bool wire_is_map(const ProtobufCFieldDescriptor *descriptor);

#endif
