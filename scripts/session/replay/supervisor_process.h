/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor does in its process, see supervisor.h.
 *
 * It answers once when it has made its folder; then it is sent the folder of the server's programs,
 * and answers when the server listens; then it answers once more when the server is lost.  A
 * message that is empty ends it, and so does the end of the connection.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SUPERVISOR_PROCESS_H
#define SCRIPTS_SESSION_REPLAY_SUPERVISOR_PROCESS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

typedef struct SupervisorAnswer {
    bool done;
    Error error; /* where it is not done */
    char folder[FOLDER_SIZE];
    int port;
} SupervisorAnswer;

_Noreturn void supervisor_process(const Identity *identity, int socket);

#endif
