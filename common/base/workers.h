/*
 * Running one function on several threads at once, and handing out pieces of work to them.
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
 * Runs `function` `count` times at once, number 0 on the calling thread, and waits for all.  When
 * one fails, `stop` (may be NULL) is called, once, from that thread: it tells the others to end.
 * False with the first failure's error.  Where a thread cannot be started, the others do the work.
 */
bool workers_run(size_t count, WorkerFunction *function, void *shared, void (*stop)(void *shared),
                 Error *error);

/* Numbered pieces of work, each of which goes to one worker, the lower ones first. */
typedef struct WorkPieces {
    atomic_size_t next;
    size_t count;
} WorkPieces;

void work_pieces_init(WorkPieces *pieces, size_t count);

/* Takes the next piece; false when none is left. */
bool work_pieces_take(WorkPieces *pieces, size_t *piece);

/* Nobody gets any more. */
void work_pieces_stop(WorkPieces *pieces);

#endif
