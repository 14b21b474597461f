/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP in a process with one thread: the first one is recorded
 * (common/base/interrupt.h), and from then on system calls are interrupted repeatedly.
 * (common/cli/signals.h uses a thread, which does not suit a process that forks.)
 */
#ifndef SCRIPTS_SESSION_REPLAY_STOP_H
#define SCRIPTS_SESSION_REPLAY_STOP_H

#include <signal.h>

void stop_by_signals(void);

/* Recorded when the parent, the script, ends before this process. */
enum { STOP_ORPHANED = SIGUSR1 };

/* Stops interrupting system calls. */
void stop_no_more(void);

#endif
