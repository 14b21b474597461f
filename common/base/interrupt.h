/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells whether the program was asked to stop.
 *
 * common/cli/signals.h records the request; loops and interrupted system calls check for it.
 */
#ifndef COMMON_BASE_INTERRUPT_H
#define COMMON_BASE_INTERRUPT_H

#include <stdbool.h>

#include "common/base/error.h"

/* Records the signal (SIGINT, SIGTERM ...) that asked the program to stop.  The first one is
 * kept. */
void interrupt_request(int signal_number);

/* Returns the signal that asked the program to stop, or 0. */
int interrupt_signal(void);

/* The name of one of these signals.  Async-signal-safe. */
const char *interrupt_signal_name(int signal_number);

/* Returns false, with the error set, when the program was asked to stop. */
bool interrupt_check(Error *error);

/* Registers the calling thread, until interrupt_leave_thread: its system calls are interrupted when
 * the program is asked to stop. */
void interrupt_enter_thread(void);
void interrupt_leave_thread(void);

/* Sends a signal to all registered threads.  The signal needs a handler, which may do nothing. */
void interrupt_wake_threads(int signal_number);

#endif
