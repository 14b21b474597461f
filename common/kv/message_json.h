/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as JSON text, by their descriptors.
 */
#ifndef COMMON_KV_MESSAGE_JSON_H
#define COMMON_KV_MESSAGE_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/*
 * Appends a message as an object: members by their names in the .proto files, in their order,
 * without those at their default; times as RFC 3339; enums by name; a map as an object.  Bytes that
 * hold a message (kv_embedded_message) are shown as that message.  Bytes that hold a key are a
 * string (json_quote_bytes).  Texts are strings if they are valid UTF-8, and other bytes if they
 * are plain text (json_quote_is_plain), else {"base64": "..."}.  The key of a map that is not UTF-8
 * is escaped as bytes that hold a key are.  Fields that the descriptor does not have are kept: all
 * of them, tags included, are the member "unknown_fields": {"base64": "..."}.
 *
 * If the bytes are not such a message, *valid is false and nothing is appended.
 */
bool message_json_append(Buffer *json, const ProtobufCMessageDescriptor *descriptor, Slice message,
                         bool *valid, Error *error);

/* Appends a text: a string if it is valid UTF-8, else {"base64": "..."}. */
bool message_json_append_text(Buffer *json, Slice text, Error *error);

/* Appends bytes: a string if they are plain text, else {"base64": "..."}. */
bool message_json_append_bytes(Buffer *json, Slice bytes, Error *error);

#endif
