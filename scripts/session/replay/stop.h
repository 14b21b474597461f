/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP, for a process with one thread: the first one is noted
 * (common/base/interrupt.h), and system calls are interrupted from then on, again and again.
 * (common/cli/signals.h has a thread for that, which is nothing for a process that forks.)
 */
#ifndef SCRIPTS_SESSION_REPLAY_STOP_H
#define SCRIPTS_SESSION_REPLAY_STOP_H

#include <signal.h>

void stop_by_signals(void);

/* The signal that is noted when the parent, the script, ends before this process. */
enum { STOP_ORPHANED = SIGUSR1 };

/* From here on nothing interrupts any more. */
void stop_no_more(void);

#endif
