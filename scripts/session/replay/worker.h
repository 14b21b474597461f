/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on what came from outside, done by a process of its own that has the rights of the
 * throw-away server's user: reading the dump, and everything that talks to the server.
 */
#ifndef SCRIPTS_SESSION_REPLAY_WORKER_H
#define SCRIPTS_SESSION_REPLAY_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "scripts/session/replay/identity.h"

/* What is done.  `result` is what goes back to the caller: zeros at first, and nothing in it is a
 * pointer. */
typedef bool WorkerTask(const void *argument, void *result, Error *error);

/*
 * Does it in another process, and waits.  `result` gets `size` bytes, to be looked at as what comes
 * from that user; it may be NULL where size is 0.  False with the task's error; the process is
 * killed when this program is asked to stop.
 */
bool worker_run(const Identity *identity, WorkerTask *task, const void *argument, void *result,
                size_t size, Error *error);

#endif
