/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short-lived memory for one row: many small allocations, freed together.  {0} is an empty arena.
 * arena_reset keeps the memory for reuse, so a loop over rows soon allocates nothing.
 */
#ifndef COMMON_BASE_ARENA_H
#define COMMON_BASE_ARENA_H

#include <stddef.h>

#include "common/base/error.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *blocks; /* newest first */
} Arena;

/* Allocates `size` bytes, aligned for any type, valid until the next reset; NULL when out of
 * memory. */
void *arena_allocate(Arena *arena, size_t size, Error *error);

/* Frees all allocations but keeps the largest block for reuse. */
void arena_reset(Arena *arena);

/* Frees everything and leaves an empty arena. */
void arena_free(Arena *arena);

#endif
