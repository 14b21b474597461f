/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the KV store as JSON, for inspection by people and programs.
 */
#ifndef COMMON_KV_ENTRY_JSON_H
#define COMMON_KV_ENTRY_JSON_H

#include <jansson.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* Bytes as JSON: a string if they are text (valid UTF-8 without control characters other than
 * tab and line ends), else {"base64": "..."}.  The caller owns the reference; NULL with the
 * error set. */
json_t *entry_json_bytes(Slice bytes, Error *error);

/*
 * {"partition": bytes, "key": bytes, "type": text, "value": ...}.  The value is decoded according
 * to its type (entry_type.h): members of a message by their names in the .proto files, without
 * those at their default; times as RFC 3339; a map as an object.  A value that does not match its
 * type is given as bytes, with the type "bytes".
 */
json_t *entry_json_decoded(Slice partition_key, Slice key, Slice value, Error *error);

/* {"partition_key": text, "key": text, "value": text}, all in base64. */
json_t *entry_json_raw(Slice partition_key, Slice key, Slice value, Error *error);

#endif
