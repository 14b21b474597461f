/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 validation and repair.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/slice.h"

bool utf8_is_valid(Slice text);

/* Upper bound of what utf8_replace writes for text of this size, including the NUL. */
size_t utf8_replaced_bound(size_t size);

/* Writes the text with every invalid byte replaced by U+FFFD, and a NUL.  Returns the length
 * without the NUL.  `target` must have room for utf8_replaced_bound(text.size) bytes. */
size_t utf8_replace(Slice text, char *target);

#endif
