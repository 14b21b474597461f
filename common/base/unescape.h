/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a text in PostgreSQL's format "escape", which json_quote_bytes puts in JSON strings.
 */
#ifndef COMMON_BASE_UNESCAPE_H
#define COMMON_BASE_UNESCAPE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Appends the bytes: those of the text, where two backslashes are one, and a backslash with three
 * octal digits is a byte.  If a backslash is followed by anything else, *valid is false.  Fails
 * only for lack of memory. */
bool unescape_append(Buffer *bytes, const char *text, bool *valid, Error *error);

#endif
