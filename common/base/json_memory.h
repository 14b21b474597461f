/*
 * jansson where memory is lacking.  It says so nowhere: a text that it had no memory to parse it
 * calls invalid, and when it writes one it may leave out what it could not allocate.  Its parser
 * (2.14) even frees a string twice.
 */
#ifndef COMMON_BASE_JSON_MEMORY_H
#define COMMON_BASE_JSON_MEMORY_H

#include "common/base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Parses a text as json_loadb does, with its flags; problem may be NULL.  NULL where it cannot be
 * parsed, and *lacked says whether that was for want of memory.  What the parser had allocated by
 * then is not freed: the program has nothing left to do but to end.
 */
json_t *json_parse(Slice text, size_t flags, json_error_t *problem, bool *lacked);

/* Whether an allocation of jansson's has failed on this thread since the last time that this was
 * asked. */
bool json_memory_lacked(void);

#endif
