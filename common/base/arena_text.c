/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/arena_text.h"

#include <string.h>

char *arena_text(Arena *arena, Slice bytes, Error *error)
{
    char *copy = arena_allocate(arena, bytes.size + 1, error);

    if (copy != NULL) {
        if (bytes.size > 0) {
            memcpy(copy, bytes.data, bytes.size);
        }
        copy[bytes.size] = '\0';
    }
    return copy;
}
