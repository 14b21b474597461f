/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program and captures its output.  Thread-safe.
 */
#ifndef COMMON_BASE_CAPTURED_PROGRAM_H
#define COMMON_BASE_CAPTURED_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct CapturedProgram {
    const char *const *arguments; /* the program, looked for as a shell does; its arguments; NULL */
    const char *variable;         /* "NAME=value" for its environment; NULL: none */
    size_t output_limit;          /* bytes */

    /* Whether to terminate it; sets the error if so. */
    bool (*is_stopped)(const void *state, Error *error);
    const void *state;

    /* Results. */
    bool output_too_large;   /* it was terminated for that */
    int status;              /* from waitpid; of a program that is not there, as a shell's */
    char error_output[1024]; /* the end of its standard error, printable */
} CapturedProgram;

/*
 * Runs the program to its end and appends its standard output to `output`.  It gets no input, no
 * database password, and its own process group, which is terminated with it: by SIGTERM, then
 * SIGKILL.  Fails if it could not be run (EXIT_CODE_REFUSED) or was stopped.
 */
bool captured_program_run(CapturedProgram *child, Buffer *output, Error *error);

#endif
