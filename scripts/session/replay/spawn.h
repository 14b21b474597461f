/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that run as the user of the throw-away server: with its rights, a small environment, and
 * three descriptors.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SPAWN_H
#define SCRIPTS_SESSION_REPLAY_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "scripts/session/replay/identity.h"

typedef struct SpawnOptions {
    const Identity *identity;
    const Words *command; /* the first word is the program, looked for in PATH */
    const char *folder;   /* its working directory; NULL: the root folder */
    int input;            /* its standard descriptors; -1: /dev/null */
    int output;
    int errors;
    int death_signal; /* the signal that it gets when this process dies; 0: none */
} SpawnOptions;

/* Starts it.  EXIT_CODE_USAGE where it cannot be started. */
bool spawn(const SpawnOptions *options, pid_t *child, Error *error);

/* In a child process: signals have no handlers, are not ignored and not blocked. */
void spawn_reset_signals(void);

/* Waits for the end of a child; the exit code, 128 + n after signal n.  Kills it when this program
 * is asked to stop (see interrupt_check). */
int spawn_wait(pid_t child);

#endif
