/*
 * Running one function on several threads at once.
 */
#ifndef COMMON_BASE_WORKERS_H
#define COMMON_BASE_WORKERS_H

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

#endif
