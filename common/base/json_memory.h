/*
 * Whether jansson lacked memory.  It says so nowhere: a text that it had no memory to parse it
 * calls invalid, and when it writes one it may leave out what it could not allocate.
 */
#ifndef COMMON_BASE_JSON_MEMORY_H
#define COMMON_BASE_JSON_MEMORY_H

#include <stdbool.h>

/* Whether an allocation of jansson's has failed on this thread since the last time that this was
 * asked. */
bool json_memory_lacked(void);

#endif
