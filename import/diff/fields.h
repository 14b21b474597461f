/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of the messages in entries, without unpacking them.  A message that is malformed has the
 * fields before the place where it is.
 */
#ifndef IMPORT_DIFF_FIELDS_H
#define IMPORT_DIFF_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/slice.h"

/* The bytes, text or message in the field; empty if it is not there.  Of several the last counts.
 */
Slice field_bytes(Slice message, uint32_t number);

/* The number in the field; 0 if it is not there. */
uint64_t field_number(Slice message, uint32_t number);

/* Takes the next bytes, text or message of a repeated field; false at the end. */
bool field_next(Slice *message, uint32_t number, Slice *bytes);

/* Whether a field has other contents in another message.  The pairs of maps have no order. */
bool field_differs(Slice a, Slice b, const ProtobufCFieldDescriptor *field);

#endif
