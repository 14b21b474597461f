/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a function on several threads and hands out pieces of work to them.
 */
#ifndef COMMON_BASE_WORKERS_H
#define COMMON_BASE_WORKERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

/* The work of one thread; `number` is 0, 1, ...  False with the error set when it fails. */
typedef bool WorkerFunction(void *shared, size_t number, Error *error);

/*
 * Runs `function` on `count` threads, number 0 on the calling thread, and waits for all of them.
 * When one fails, `stop` (may be NULL) is called once, from that thread, to tell the others to end.
 * False with the error of the first failure.  When a thread cannot be started, the others do its
 * work.
 */
bool workers_run(size_t count, WorkerFunction *function, void *shared, void (*stop)(void *shared),
                 Error *error);

/* Numbered pieces of work.  Each goes to one worker, in ascending order. */
typedef struct WorkPieces {
    atomic_size_t next;
    size_t count;
} WorkPieces;

void work_pieces_init(WorkPieces *pieces, size_t count);

/* Takes the next piece; false when none is left. */
bool work_pieces_take(WorkPieces *pieces, size_t *piece);

/* Hands out no more pieces. */
void work_pieces_stop(WorkPieces *pieces);

#endif
