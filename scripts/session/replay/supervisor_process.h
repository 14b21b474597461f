/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's process, see supervisor.h.
 *
 * It answers when it has made its folder.  It then receives the folder of the server's programs,
 * and answers when the server listens, and again if the server is lost.  An empty message ends it,
 * and so does the end of the connection.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SUPERVISOR_PROCESS_H
#define SCRIPTS_SESSION_REPLAY_SUPERVISOR_PROCESS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

typedef struct SupervisorAnswer {
    bool done;
    Error error; /* if it failed */
    char folder[FOLDER_SIZE];
    int port;
} SupervisorAnswer;

_Noreturn void supervisor_process(const Identity *identity, int socket);

#endif
