/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers tuples per leaf partition, so that each COPY carries many of them.
 *
 * They are stored in a fixed number of fixed-size blocks: memory is bounded whatever the number of
 * leaves and the order of the tuples, and once all blocks are in use nothing more is allocated.
 * Independent of the database.
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

/* Tells whether a tuple of this size can be added; if not, leaves must be emptied first.  A tuple
 * larger than the capacity never fits. */
bool leaf_buffers_have_room(const LeafBuffers *buffers, size_t leaf, size_t size);

/* Adds a tuple; there must be room for it. */
bool leaf_buffers_add(LeafBuffers *buffers, size_t leaf, Slice tuple, Error *error);

/* Bytes and entries buffered for the leaf. */
size_t leaf_buffers_bytes(const LeafBuffers *buffers, size_t leaf);
uint64_t leaf_buffers_entries(const LeafBuffers *buffers, size_t leaf);

/* The leaf with the most buffered bytes. */
size_t leaf_buffers_fullest(const LeafBuffers *buffers);

/* Passes everything buffered for the leaf to `write`, piece by piece, in order; pieces need not
 * start or end at a tuple.  The leaf is empty afterwards, even if `write` failed. */
bool leaf_buffers_empty(LeafBuffers *buffers, size_t leaf,
                        bool (*write)(void *state, Slice piece, Error *error), void *state,
                        Error *error);

/* Takes NULL. */
void leaf_buffers_free(LeafBuffers *buffers);

#endif
