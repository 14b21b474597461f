/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of JSON values as PostgreSQL writes jsonb: finds the parts of a value and decodes its
 * strings, without a tree of it in memory.
 *
 * A value that is only skipped is not checked; it ends where its brackets and strings do.
 */
#ifndef EXPORT_LEGACY_JSON_TEXT_H
#define EXPORT_LEGACY_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/slice.h"

/* The position after spaces at `at`, and after the value that begins there: that of the comma or
 * bracket behind it, or the text's size. */
size_t json_text_skip_spaces(Slice json, size_t at);
size_t json_text_skip_value(Slice json, size_t at);

/* The position after the string that begins at `at`; `at` itself if none does. */
size_t json_text_skip_key(Slice json, size_t at);

/* The value from `begin` to before `end`, without spaces behind it. */
Slice json_text_value(Slice json, size_t begin, size_t end);

/* Decodes a JSON string, quotes included, to `text`, with a NUL; false if it is not one, or
 * contains a NUL.  `text` has room for json.size bytes, and may be where the JSON string is. */
bool json_text_decode(Slice json, char *text);

/* Copies a value that is not a string without spaces outside of strings; returns the size.  `text`
 * has room for json.size bytes, and may be where the value is. */
size_t json_text_compact(Slice json, char *text);

#endif
