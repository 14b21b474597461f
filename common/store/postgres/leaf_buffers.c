/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/leaf_buffers.h"

#include <stdlib.h>
#include <string.h>

/* The size of one COPY message. */
enum { BLOCK_SIZE = 64 * 1024 };

typedef struct Block {
    struct Block *next;
    size_t used;
    uint8_t data[BLOCK_SIZE];
} Block;

typedef struct Leaf {
    Block *first;
    Block *last;
    size_t bytes;
    uint64_t entries;
} Leaf;

struct LeafBuffers {
    Leaf *leaves; /* owned */
    size_t leaf_count;
    Block *spare;
    size_t free_blocks; /* spare ones, and those not allocated yet */
};

bool leaf_buffers_new(size_t leaf_count, size_t capacity, LeafBuffers **buffers, Error *error)
{
    LeafBuffers *b = calloc(1, sizeof *b);

    *buffers = b;
    if (b == NULL) {
        return error_out_of_memory(error);
    }
    b->leaf_count = leaf_count;
    b->free_blocks = capacity / BLOCK_SIZE;
    b->leaves = calloc(leaf_count, sizeof *b->leaves);
    if (b->leaves == NULL) {
        leaf_buffers_free(b);
        *buffers = NULL;
        return error_out_of_memory(error);
    }
    return true;
}

static size_t room_in_last(const Leaf *leaf)
{
    return leaf->last == NULL ? 0 : BLOCK_SIZE - leaf->last->used;
}

bool leaf_buffers_have_room(const LeafBuffers *buffers, size_t leaf, size_t size)
{
    size_t room = room_in_last(&buffers->leaves[leaf]);

    return size <= room || (size - room + BLOCK_SIZE - 1) / BLOCK_SIZE <= buffers->free_blocks;
}

/* Appends an empty block to the leaf. */
static bool add_block(LeafBuffers *buffers, Leaf *leaf, Error *error)
{
    Block *block = buffers->spare;

    if (block != NULL) {
        buffers->spare = block->next;
    } else {
        block = malloc(sizeof *block);
        if (block == NULL) {
            return error_out_of_memory(error);
        }
    }
    buffers->free_blocks--;
    block->next = NULL;
    block->used = 0;
    if (leaf->last == NULL) {
        leaf->first = block;
    } else {
        leaf->last->next = block;
    }
    leaf->last = block;
    return true;
}

bool leaf_buffers_add(LeafBuffers *buffers, size_t leaf, Slice tuple, Error *error)
{
    Leaf *l = &buffers->leaves[leaf];

    l->bytes += tuple.size;
    l->entries++;
    while (tuple.size > 0) {
        size_t size = room_in_last(l);

        if (size == 0) {
            if (!add_block(buffers, l, error)) {
                return false;
            }
            size = BLOCK_SIZE;
        }
        size = size < tuple.size ? size : tuple.size;
        memcpy(l->last->data + l->last->used, tuple.data, size);
        l->last->used += size;
        tuple = slice_of(tuple.data + size, tuple.size - size);
    }
    return true;
}

size_t leaf_buffers_bytes(const LeafBuffers *buffers, size_t leaf)
{
    return buffers->leaves[leaf].bytes;
}

uint64_t leaf_buffers_entries(const LeafBuffers *buffers, size_t leaf)
{
    return buffers->leaves[leaf].entries;
}

size_t leaf_buffers_fullest(const LeafBuffers *buffers)
{
    size_t fullest = 0;

    for (size_t i = 1; i < buffers->leaf_count; i++) {
        if (buffers->leaves[i].bytes > buffers->leaves[fullest].bytes) {
            fullest = i;
        }
    }
    return fullest;
}

bool leaf_buffers_empty(LeafBuffers *buffers, size_t leaf,
                        bool (*write)(void *state, Slice piece, Error *error), void *state,
                        Error *error)
{
    Leaf *l = &buffers->leaves[leaf];
    bool done = true;

    while (l->first != NULL) {
        Block *block = l->first;

        done = done && write(state, slice_of(block->data, block->used), error);
        l->first = block->next;
        block->next = buffers->spare;
        buffers->spare = block;
        buffers->free_blocks++;
    }
    *l = (Leaf){0};
    return done;
}

static void free_blocks(Block *block)
{
    while (block != NULL) {
        Block *next = block->next;

        free(block);
        block = next;
    }
}

void leaf_buffers_free(LeafBuffers *buffers)
{
    if (buffers == NULL) {
        return;
    }
    for (size_t i = 0; buffers->leaves != NULL && i < buffers->leaf_count; i++) {
        free_blocks(buffers->leaves[i].first);
    }
    free_blocks(buffers->spare);
    free(buffers->leaves);
    free(buffers);
}
