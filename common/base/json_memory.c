#include "common/base/json_memory.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>

static _Thread_local bool lacked;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        lacked = true;
    }
    return memory;
}

/* Before main, so that jansson has had no memory of another kind. */
__attribute__((constructor)) static void watch(void)
{
    json_set_alloc_funcs(allocate, free);
}

bool json_memory_lacked(void)
{
    bool answer = lacked;

    lacked = false;
    return answer;
}
