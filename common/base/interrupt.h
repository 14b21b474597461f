/*
 * Whether the user asked the program to stop.
 *
 * common/cli/signals.h sets it; loops and system calls that were interrupted look at it.
 */
#ifndef COMMON_BASE_INTERRUPT_H
#define COMMON_BASE_INTERRUPT_H

#include <stdbool.h>

#include "common/base/error.h"

/* Notes the signal (SIGINT, SIGTERM ...) that asked to stop.  The first one stays. */
void interrupt_request(int signal_number);

/* The signal that asked to stop; 0: none. */
int interrupt_signal(void);

/* False, with the error set, when the program was asked to stop. */
bool interrupt_check(Error *error);

/* Registers the calling thread: its system calls are to be interrupted when the program is asked to
 * stop.  Until interrupt_leave_thread. */
void interrupt_enter_thread(void);
void interrupt_leave_thread(void);

/* Sends a signal to all registered threads; a handler that does nothing must be set for it. */
void interrupt_wake_threads(int signal_number);

#endif
