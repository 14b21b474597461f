/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orderly shutdown on SIGINT, SIGTERM and SIGHUP.  If SIGHUP was ignored when the program started,
 * as under nohup, it stays ignored.
 *
 * A dedicated thread waits for the signals.  On the first one it records it
 * (common/base/interrupt.h), calls the callback, and interrupts system calls of the registered
 * threads, repeatedly until the program ends.  The same signal again ends the program at
 * once.  SIGPIPE
 * is ignored: a closed pipe is a write error.
 */
#ifndef COMMON_CLI_SIGNALS_H
#define COMMON_CLI_SIGNALS_H

#include <stdbool.h>

#include "common/base/error.h"

/* Lets a signal that ends the program at once, before there is work to end in an orderly way, be
 * reported as text (with --log-format json there is no message).  Call it right after startup.  A
 * signal that is ignored stays ignored. */
void signals_report(void);

/* Starts the thread.  Call it on the main thread, before any other thread is started.  `on_request`
 * runs in the new thread and returns whether there is work to end in an orderly way; if not (the
 * program is still connecting), the program ends at once. */
bool signals_start(bool (*on_request)(void), Error *error);

/* The work is done, and cannot be taken back: a signal that comes from now on ends nothing, as the
 * exit code would tell of a failure. */
void signals_finish(void);

/* Lets a repeated signal do nothing: another program stops this one, and both may have got the
 * signal already. */
void signals_set_supervised(void);

/* Returns the exit code: that of the signal that ended the work, or else `code`. */
int signals_exit_code(ExitCode code);

#endif
