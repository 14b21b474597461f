/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on untrusted input, done by a process with the rights of the throw-away server's user:
 * reading the dump, and everything that connects to the server.
 */
#ifndef SCRIPTS_SESSION_REPLAY_WORKER_H
#define SCRIPTS_SESSION_REPLAY_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/cli/progress.h"
#include "scripts/session/replay/identity.h"

/* The work.  `result` is returned to the caller: it starts as zeros, and must hold no pointers. */
typedef bool WorkerTask(const void *argument, void *result, Error *error);

/*
 * Runs the task in another process, and waits for it.  `result` gets `size` bytes, which must be
 * treated as untrusted; it may be NULL if size is 0.  False with the task's error.  The process is
 * killed if this program is asked to stop.
 */
bool worker_run(const Identity *identity, WorkerTask *task, const void *argument, void *result,
                size_t size, Error *error);

/* Work that reads a file: how far it has come is told as a phase of that name
 * (common/cli/progress.h). */
typedef struct WorkerProgress {
    const char *phase;
    int file; /* open; its position is shared with the process */
    ProgressMode mode;
} WorkerProgress;

/* The same without a result, with progress. */
bool worker_run_reading(const Identity *identity, WorkerTask *task, const void *argument,
                        const WorkerProgress *progress, Error *error);

#endif
