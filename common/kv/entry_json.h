/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the KV store as JSON text on one line, for inspection by people and programs.
 *
 * The functions append to the buffer and fail only for lack of memory.
 */
#ifndef COMMON_KV_ENTRY_JSON_H
#define COMMON_KV_ENTRY_JSON_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

/*
 * {"package": text, "partition": text, "key": text, "type": text, "value": ...}.  Partition and key
 * are strings, whatever their bytes (json_quote_bytes).  The value is decoded according to
 * its type (entry_type.h, message_json.h).  A value that does not match its type is given as bytes,
 * with the type "bytes".
 */
bool entry_json_append(Buffer *line, const char *package, const Entry *entry, Error *error);

/* Only the value, as above; *type is what is the member "type" there. */
bool entry_json_append_value(Buffer *json, const Entry *entry, const char **type, Error *error);

/* {"partition_key": text, "key": text, "value": text}, all in base64. */
bool entry_json_append_raw(Buffer *line, const Entry *entry, Error *error);

#endif
