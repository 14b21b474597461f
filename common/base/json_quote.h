/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON strings directly, where building values of the JSON library would take too long.
 */
#ifndef COMMON_BASE_JSON_QUOTE_H
#define COMMON_BASE_JSON_QUOTE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Whether bytes are text: valid UTF-8 without control characters other than tab and line ends. */
bool json_quote_is_plain(Slice bytes);

/* Appends a JSON string, quotes included.  The text must be valid UTF-8.  Control characters, and
 * others that are not safe to show (printable.h), are escaped the JSON way. */
bool json_quote_text(Buffer *json, Slice text, Error *error);

/*
 * Appends bytes of any kind as a JSON string.  The text in it is that of PostgreSQL's format
 * "escape": a backslash is doubled, and each byte that is not part of plain text is a backslash and
 * three octal digits.  In a UTF-8 database decode(text, 'escape') gives the bytes back.
 */
bool json_quote_bytes(Buffer *json, Slice bytes, Error *error);

/* Appends {"base64":"..."}. */
bool json_quote_base64(Buffer *json, Slice bytes, Error *error);

#endif
