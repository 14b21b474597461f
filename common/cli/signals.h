/*
 * SIGINT, SIGTERM and SIGHUP: a tidy end instead of a sudden one.  A SIGHUP that the program was
 * started with as ignored, by nohup, stays so.
 *
 * A thread of its own waits for them.  The first signal is noted (common/base/interrupt.h), the
 * callback is run, and system calls of the registered threads are interrupted, again and again
 * until the program ends; a second signal ends it at once.  SIGPIPE is ignored: a reader that went
 * away is a write error.
 */
#ifndef COMMON_CLI_SIGNALS_H
#define COMMON_CLI_SIGNALS_H

#include <stdbool.h>

#include "common/base/error.h"

/* Starts the thread, from the main thread, before any other thread is started.  `on_request` runs
 * in it and says whether there is anything to be ended tidily: if not (the program is still
 * connecting), the program ends at once. */
bool signals_start(bool (*on_request)(void), Error *error);

/* The exit code: that of the signal that ended the work, if one did, else `code`. */
int signals_exit_code(ExitCode code);

#endif
