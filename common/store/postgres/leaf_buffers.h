/*
 * Tuples on their way to leaf partitions, gathered by leaf, so that each COPY carries many.
 *
 * They lie in blocks of one size, of which there are so many and no more: memory is bounded by what
 * was asked for, however many leaves there are and whatever the order of the tuples, and once the
 * blocks are there nothing is allocated.  Nothing is known here of the database.
 */
#ifndef COMMON_STORE_POSTGRES_LEAF_BUFFERS_H
#define COMMON_STORE_POSTGRES_LEAF_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct LeafBuffers LeafBuffers;

/* For leaves 0 .. leaf_count-1; `capacity` in bytes. */
bool leaf_buffers_new(size_t leaf_count, size_t capacity, LeafBuffers **buffers, Error *error);

/* Whether a tuple of this size can be added: leaves must be emptied until it can.  What is larger
 * than the capacity never can. */
bool leaf_buffers_have_room(const LeafBuffers *buffers, size_t leaf, size_t size);

/* Adds a tuple, for which there must be room. */
bool leaf_buffers_add(LeafBuffers *buffers, size_t leaf, Slice tuple, Error *error);

/* What waits for the leaf. */
size_t leaf_buffers_bytes(const LeafBuffers *buffers, size_t leaf);
uint64_t leaf_buffers_entries(const LeafBuffers *buffers, size_t leaf);

/* The leaf for which most bytes wait. */
size_t leaf_buffers_fullest(const LeafBuffers *buffers);

/* Hands all that waits for the leaf to `write`, piece by piece in order; a piece may begin and end
 * within a tuple.  The leaf is empty afterwards, also where `write` has failed. */
bool leaf_buffers_empty(LeafBuffers *buffers, size_t leaf,
                        bool (*write)(void *state, Slice piece, Error *error), void *state,
                        Error *error);

/* Takes NULL. */
void leaf_buffers_free(LeafBuffers *buffers);

#endif
