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

#endif
