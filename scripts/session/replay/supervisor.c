/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/supervisor.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "scripts/session/replay/descendants.h"
#include "scripts/session/replay/supervisor_process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static bool supervisor_lost(Error *error)
{
    error_set(error, EXIT_CODE_CONNECTION, "the throw-away server was lost");
    return error_detail(error, "Its supervisor process was killed.");
}

/* Waits for the supervisor's answer. */
static bool receive(Supervisor *supervisor, SupervisorAnswer *answer, Error *error)
{
    ssize_t got;

    do {
        if (!interrupt_check(error)) {
            return false;
        }
        got = recv(supervisor->socket, answer, sizeof *answer, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *answer) {
        return supervisor_lost(error);
    }
    if (!answer->done) {
        *error = answer->error;
    }
    return answer->done;
}

bool supervisor_begin(Supervisor *supervisor, const Identity *identity, Error *error)
{
    SupervisorAnswer answer;
    int ends[2];
    bool done;

    *supervisor = (Supervisor){.socket = -1, .identity = identity};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a socket: %s", strerror(errno));
    }
    /* Adopt what outlives the supervisor. */
    descendants_adopt();
    supervisor->process = fork();
    if (supervisor->process == 0) {
        close(ends[0]);
        supervisor_process(identity, ends[1]);
    }
    close(ends[1]);
    supervisor->socket = ends[0];
    if (supervisor->process < 0) {
        supervisor->process = 0;
        return error_set(error, EXIT_CODE_USAGE, "could not start a process: %s", strerror(errno));
    }
    done = receive(supervisor, &answer, error);
    if (done) {
        memcpy(supervisor->folder, answer.folder, sizeof supervisor->folder);
    }
    return done;
}

bool supervisor_start_server(Supervisor *supervisor, const char *bindir, int *port, Error *error)
{
    SupervisorAnswer answer;

    if (send(supervisor->socket, bindir, strlen(bindir) + 1, MSG_NOSIGNAL) < 0) {
        return supervisor_lost(error);
    }
    if (!receive(supervisor, &answer, error)) {
        return false;
    }
    *port = answer.port;
    return true;
}

void supervisor_await_loss(Supervisor *supervisor, int other, int milliseconds, Error *error)
{
    struct pollfd inputs[] = {{.fd = supervisor->socket, .events = POLLIN},
                              {.fd = other, .events = POLLIN}};
    SupervisorAnswer answer;
    int ready;

    error->code = EXIT_CODE_DONE;
    do {
        ready = poll(inputs, 2, milliseconds);
    } while (ready < 0 && errno == EINTR && interrupt_signal() == 0);
    if (ready > 0 && inputs[0].revents != 0) {
        receive(supervisor, &answer, error);
    }
}

void supervisor_end(Supervisor *supervisor)
{
    int status = 0;

    if (supervisor->process == 0) {
        return;
    }
    /* Say goodbye, which a killed session does not do. */
    send(supervisor->socket, "", 1, MSG_NOSIGNAL);
    close(supervisor->socket);
    while (waitpid(supervisor->process, &status, 0) < 0 && errno == EINTR) {
    }
    supervisor->process = 0;
    if (!WIFEXITED(status)) {
        /* The kernel has signalled the server; give it time to stop. */
        descendants_end(PATIENCE_MS);
        if (!folder_remove(supervisor->identity, supervisor->folder)) {
            message_warning("the folder \"%s\" could not be removed", supervisor->folder);
        }
    }
}
