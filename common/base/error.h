/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors, worded for the user.
 *
 * The function that fails fills the caller's Error once and returns false; its callers only pass it
 * on, and main prints it (common/cli/message.h).  An Error owns no memory, so it can be filled when
 * memory has run out.
 */
#ifndef COMMON_BASE_ERROR_H
#define COMMON_BASE_ERROR_H

#include <stdbool.h>

#include "common/base/exit_code.h"

typedef struct Error {
    ExitCode code;      /* EXIT_CODE_DONE: no error */
    char message[1024]; /* what happened, without a final period */
    char detail[2048];  /* the server's or library's message; may be empty */
    char hint[2048];    /* advice; may be empty */
    bool input_ended;   /* a pipe was closed early: its writer has failed, and knows why */
    bool lock_timeout;  /* a statement waited too long for a lock; its holders are not named yet */
} Error;

/* Sets code and message and clears the rest.  Always returns false, so a failing function
 * can end with `return error_set(...)`. */
bool error_set(Error *error, ExitCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Set the detail and the hint.  Trailing newlines, which libpq's messages have, are removed.
 * Always return false. */
bool error_detail(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_hint(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the error of a failed allocation.  Always returns false. */
bool error_out_of_memory(Error *error);

#endif
