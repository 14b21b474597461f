/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/json_memory.h"

#include <setjmp.h>
#include <stdlib.h>

static _Thread_local bool lacked_memory;
/* Where to continue when a parse runs out of memory; NULL outside of one. */
static _Thread_local jmp_buf *abandon;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        lacked_memory = true;
        if (abandon != NULL) {
            longjmp(*abandon, 1);
        }
    }
    return memory;
}

/* Before main: jansson must not have allocated anything with another allocator. */
__attribute__((constructor)) static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *json_parse(Slice text, size_t flags, json_error_t *problem, bool *lacked)
{
    jmp_buf here;
    json_t *json;

    *lacked = false;
    /* The parser is abandoned at the failed allocation, since it may crash if it goes on. */
    if (setjmp(here) != 0) {
        abandon = NULL;
        lacked_memory = false;
        *lacked = true;
        return NULL;
    }
    abandon = &here;
    json = json_loadb((const char *)text.data, text.size, flags, problem);
    abandon = NULL;
    return json;
}

bool json_memory_lacked(void)
{
    bool lacked = lacked_memory;

    lacked_memory = false;
    return lacked;
}
