/*
 * What went wrong, in the words that the user will read.
 *
 * The function that fails fills the caller's Error once and returns false; everybody above only
 * passes it on, and main prints it (common/cli/message.h).  An Error owns no memory, so it can be
 * filled when memory is what is missing.
 */
#ifndef COMMON_BASE_ERROR_H
#define COMMON_BASE_ERROR_H

#include <stdbool.h>

#include "common/base/exit_code.h"

typedef struct Error {
    ExitCode code;      /* EXIT_CODE_DONE while nothing has failed */
    char message[1024]; /* what happened, without a final period */
    char detail[2048];  /* the server's or library's words; may be empty */
    char hint[1024];    /* what to do; may be empty */
} Error;

/* Fills code and message, empties detail and hint.  Always returns false, so that a failing
 * function can end in `return error_set(...)`. */
bool error_set(Error *error, ExitCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the detail, the hint.  Trailing newlines (libpq ends its messages with one) are cut.
 * Always return false. */
bool error_detail(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_hint(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The error of a failed allocation.  Always returns false. */
bool error_out_of_memory(Error *error);

#endif
