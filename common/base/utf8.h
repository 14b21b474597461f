/*
 * Text that should be UTF-8, and may not be.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/slice.h"

bool utf8_is_valid(Slice text);

/* The most bytes that utf8_replace may write for text of this size, its NUL included. */
size_t utf8_replaced_bound(size_t size);

/* Writes the text with every invalid byte replaced by U+FFFD, and a NUL behind it; returns the
 * bytes written before the NUL.  `target` has room for utf8_replaced_bound(text.size). */
size_t utf8_replace(Slice text, char *target);

#endif
