/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: a process of its own that makes the folder and the server, and removes both when
 * the session ends, in whatever way.  It has a session of its own (setsid), so that neither Ctrl-C
 * nor a terminal that goes away reaches it, and it learns of an end that nobody could catch by a
 * socket that only the session has open.  If the supervisor itself is killed the server stops, and
 * the session removes the rest.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SUPERVISOR_H
#define SCRIPTS_SESSION_REPLAY_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

typedef struct Supervisor {
    pid_t process; /* 0: there is none */
    int socket;
    const Identity *identity;
    char folder[FOLDER_SIZE];
} Supervisor;

/* Starts it; it makes the folder.  supervisor_end also after a failure. */
bool supervisor_begin(Supervisor *supervisor, const Identity *identity, Error *error);

/* Has it start the server, with programs of this folder; *port is where it listens. */
bool supervisor_start_server(Supervisor *supervisor, const char *bindir, int *port, Error *error);

/* Waits until the server is lost, and says so in the error; returns at once where it is.  Returns
 * with an error of EXIT_CODE_DONE where it is not within so many milliseconds (-1: forever), the
 * other descriptor can be read, or this program is asked to stop. */
void supervisor_await_loss(Supervisor *supervisor, int other, int milliseconds, Error *error);

/* Stops the server and removes everything; says so where that does not work. */
void supervisor_end(Supervisor *supervisor);

#endif
