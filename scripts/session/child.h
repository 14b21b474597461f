/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that a session runs itself, with its own standard descriptors or with pipes.
 */
#ifndef SCRIPTS_SESSION_CHILD_H
#define SCRIPTS_SESSION_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"

/* What a program is started with. */
typedef struct ChildOptions {
    const Words *command;     /* the first word is the program, looked for in PATH */
    const Words *environment; /* NAME=VALUE to set, NAME to unset; may be NULL */
    int input;                /* its standard input; -1: this program's */
    int output;               /* its standard output; -1: this program's */
    int error;                /* its standard error; -1: this program's */
    int kept[2];              /* other descriptors that it keeps; -1: none */
} ChildOptions;

/* Options of a command with this program's standard descriptors. */
ChildOptions child_options(const Words *command, const Words *environment);

/* Makes a pipe, whose ends no program inherits; false with errno. */
bool child_pipe(int ends[2]);

/* In the new process, before it becomes the program; false with errno. */
typedef bool ChildPrepareFunction(const void *state);

/* Starts a command in a new process, which calls `prepare` first.  EXIT_CODE_USAGE where it cannot
 * be started. */
bool child_exec(const Words *command, ChildPrepareFunction *prepare, const void *state,
                pid_t *child, Error *error);

/* Turns what waitpid() gives into an exit code: 128 + n after signal n. */
int child_exit_code(int status);

/* Starts it, with no signal blocked or ignored.  EXIT_CODE_USAGE where it cannot be started. */
bool child_start(const ChildOptions *options, pid_t *child, Error *error);

/* Waits for its end; when this program is asked to stop meanwhile, the child is, too, and killed
 * when it takes more than a few seconds.  *status is its exit code, 128 + n after a signal. */
bool child_wait(pid_t child, int *status, Error *error);

/* Tells it to end, and waits, likewise. */
void child_stop(pid_t child);

/* Runs it to its end, with what `input` holds as its standard input (NULL: this program's). */
bool child_run(const ChildOptions *options, const char *input, int *status, Error *error);

/* Appends what can be read to the end of a pipe. */
bool child_read(int descriptor, Buffer *read, Error *error);

/* Runs it to its end, and appends what it prints to `printed`. */
bool child_capture(const ChildOptions *options, Buffer *printed, int *status, Error *error);

#endif
