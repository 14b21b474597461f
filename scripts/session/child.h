/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that a session runs itself, with the session's standard descriptors or with pipes.
 */
#ifndef SCRIPTS_SESSION_CHILD_H
#define SCRIPTS_SESSION_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"

/* How to start a program. */
typedef struct ChildOptions {
    const Words *command;     /* the first word is the program, searched in PATH */
    const Words *environment; /* NAME=VALUE to set, NAME to unset; may be NULL */
    int input;                /* its standard input; -1: this program's */
    int output;               /* its standard output; -1: this program's */
    int error;                /* its standard error; -1: this program's */
    int kept[2];              /* other descriptors to pass on; -1: none */
} ChildOptions;

/* Options of a command with this program's standard descriptors. */
ChildOptions child_options(const Words *command, const Words *environment);

/* Makes a pipe with close-on-exec set; false with errno. */
bool child_pipe(int ends[2]);

/* Runs in the new process before the program is executed; false with errno. */
typedef bool ChildPrepareFunction(const void *state);

/* Runs `prepare` and then the command in a new process.  EXIT_CODE_USAGE if it cannot be started.
 */
bool child_exec(const Words *command, ChildPrepareFunction *prepare, const void *state,
                pid_t *child, Error *error);

/* Converts a status of waitpid() to an exit code: 128 + n after signal n. */
int child_exit_code(int status);

/* Starts a program, with no signal blocked or ignored.  EXIT_CODE_USAGE if it cannot be started. */
bool child_start(const ChildOptions *options, pid_t *child, Error *error);

/* Waits for a child to end.  If this program is asked to stop, stops the child as child_stop does
 * and fails.  *status is the child's exit code, 128 + n after signal n. */
bool child_wait(pid_t child, int *status, Error *error);

/* Sends a child SIGTERM and waits for its end; kills it after a few seconds. */
void child_stop(pid_t child);

/* Runs a program to its end, with `input` as its standard input (NULL: this program's). */
bool child_run(const ChildOptions *options, const char *input, int *status, Error *error);

/* Appends everything up to the end of the pipe to `read`. */
bool child_read(int descriptor, Buffer *read, Error *error);

/* Runs a program to its end, and appends its output to `printed`. */
bool child_capture(const ChildOptions *options, Buffer *printed, int *status, Error *error);

#endif
