/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: a process that makes the folder and the server, and removes both when the session
 * ends, however it ends.  It calls setsid(), so that neither Ctrl-C nor a closed terminal reaches
 * it, and it detects that the session was killed by a socket that only the session has open.  If
 * the supervisor itself is killed, the server stops, and the session removes the rest.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SUPERVISOR_H
#define SCRIPTS_SESSION_REPLAY_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

typedef struct Supervisor {
    pid_t process; /* 0: none */
    int socket;
    const Identity *identity;
    char folder[FOLDER_SIZE];
} Supervisor;

/* Starts the supervisor, which makes the folder.  Call supervisor_end also after a failure. */
bool supervisor_begin(Supervisor *supervisor, const Identity *identity, Error *error);

/* Starts the server with the programs in `bindir`; *port is where it listens. */
bool supervisor_start_server(Supervisor *supervisor, const char *bindir, int *port, Error *error);

/* Waits until the server is lost, and sets the error to the reason; returns at once if it is
 * already lost.  Returns with EXIT_CODE_DONE after `milliseconds` (-1: forever), if `other` becomes
 * readable, or if this program is asked to stop. */
void supervisor_await_loss(Supervisor *supervisor, int other, int milliseconds, Error *error);

/* Stops the server and removes everything; warns if that fails. */
void supervisor_end(Supervisor *supervisor);

#endif
