/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs programs as the user of the throw-away server: with its rights, a small environment, and
 * only the standard descriptors.
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
    const Words *command; /* the first word is the program, searched in PATH */
    const char *folder;   /* working directory; NULL: the root folder */
    int input;            /* standard descriptors; -1: /dev/null */
    int output;
    int errors;
    int death_signal; /* sent to it when this process dies; 0: none */
} SpawnOptions;

/* Starts a program.  EXIT_CODE_USAGE if it cannot be started. */
bool spawn(const SpawnOptions *options, pid_t *child, Error *error);

/* In a child process: resets all signals to their defaults and unblocks them. */
void spawn_reset_signals(void);

/* Waits for a child; returns its exit code, 128 + n after signal n.  Kills it if this program is
 * asked to stop (see interrupt_check). */
int spawn_wait(pid_t child);

#endif
