/*
 * A program that is run for what it prints.  Any thread may run one.
 */
#ifndef EXPORT_SETTINGS_CHILD_H
#define EXPORT_SETTINGS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct Child {
    const char *const *arguments; /* the program's path, its arguments, NULL */
    size_t output_limit;          /* bytes */

    /* Whether to end it, with the error set. */
    bool (*is_stopped)(const void *state, Error *error);
    const void *state;

    /* What is known at its end. */
    bool output_too_large;   /* it was ended therefore */
    int status;              /* as waitpid tells it */
    char error_output[1024]; /* the end of what it wrote on standard error, printable */
} Child;

/*
 * Runs the program to its end and appends its standard output to `output`.  It gets no input, no
 * database password, and a process group of its own, which ends with it: at first SIGTERM, then
 * SIGKILL.  False when it could not be run (EXIT_CODE_REFUSED), or was stopped.
 */
bool settings_child_run(Child *child, Buffer *output, Error *error);

#endif
