/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C strings on the heap.
 */
#ifndef COMMON_BASE_TEXT_H
#define COMMON_BASE_TEXT_H

#include <stdbool.h>

#include "common/base/error.h"

/* Copies a text; the copy of NULL is NULL.  The caller frees it.  False when out of memory. */
bool text_copy(const char *text, char **copy, Error *error);

#endif
