/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_BLOCK_SIZE = 16 * 1024, KEPT_BLOCK_SIZE = 1024 * 1024 };

struct ArenaBlock {
    ArenaBlock *next;
    size_t capacity;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

static ArenaBlock *add_block(Arena *arena, size_t size)
{
    size_t capacity = arena->blocks == NULL ? FIRST_BLOCK_SIZE : arena->blocks->capacity * 2;
    ArenaBlock *block;

    if (capacity < size) {
        capacity = size;
    }
    block = malloc(sizeof *block + capacity);
    if (block != NULL) {
        block->next = arena->blocks;
        block->capacity = capacity;
        block->used = 0;
        arena->blocks = block;
    }
    return block;
}

void *arena_allocate(Arena *arena, size_t size, Error *error)
{
    size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    ArenaBlock *block = arena->blocks;
    void *piece;

    if (size > SIZE_MAX / 4) {
        error_out_of_memory(error);
        return NULL;
    }
    if (block == NULL || block->capacity - block->used < aligned) {
        block = add_block(arena, aligned);
        if (block == NULL) {
            error_out_of_memory(error);
            return NULL;
        }
    }
    piece = block->data + block->used;
    block->used += aligned;
    return piece;
}

void arena_reset(Arena *arena)
{
    ArenaBlock *kept = arena->blocks;

    /* One huge row must not pin its memory for the rest of the table. */
    if (kept != NULL && kept->capacity > KEPT_BLOCK_SIZE) {
        arena_free(arena);
        return;
    }
    if (kept != NULL) {
        arena->blocks = kept->next;
        arena_free(arena);
        kept->next = NULL;
        kept->used = 0;
        arena->blocks = kept;
    }
}

void arena_free(Arena *arena)
{
    while (arena->blocks != NULL) {
        ArenaBlock *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}
