/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson when memory runs out. jansson does not report it: it calls a text that it had no memory
 * to parse invalid, and it may leave out parts of what it writes.  Its parser (2.14) even frees a
 * string twice.
 */
#ifndef COMMON_BASE_JSON_MEMORY_H
#define COMMON_BASE_JSON_MEMORY_H

#include "common/base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Parses a text like json_loadb, with its flags; `problem` may be NULL.  Returns NULL when it
 * cannot be parsed; *lacked tells whether memory ran out.  In that case what the parser had
 * allocated leaks: the program can only end.
 */
json_t *json_parse(Slice text, size_t flags, json_error_t *problem, bool *lacked);

/* Tells whether one of jansson's allocations has failed on this thread since the last call. */
bool json_memory_lacked(void);

#endif
