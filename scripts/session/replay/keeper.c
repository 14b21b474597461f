#include "scripts/session/replay/keeper.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "scripts/session/replay/descendants.h"
#include "scripts/session/replay/keeper_process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static bool keeper_lost(Error *error)
{
    error_set(error, EXIT_CODE_CONNECTION, "the throw-away server was lost");
    return error_detail(error, "The process that keeps it was killed.");
}

/* Waits for its answer to what it was told to do. */
static bool receive(Keeper *keeper, KeeperAnswer *answer, Error *error)
{
    ssize_t got;

    do {
        if (!interrupt_check(error)) {
            return false;
        }
        got = recv(keeper->socket, answer, sizeof *answer, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *answer) {
        return keeper_lost(error);
    }
    if (!answer->done) {
        *error = answer->error;
    }
    return answer->done;
}

bool keeper_begin(Keeper *keeper, const Identity *identity, Error *error)
{
    KeeperAnswer answer;
    int ends[2];
    bool done;

    *keeper = (Keeper){.socket = -1, .identity = identity};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a socket: %s", strerror(errno));
    }
    /* What outlives the keeper becomes ours. */
    descendants_adopt();
    keeper->process = fork();
    if (keeper->process == 0) {
        close(ends[0]);
        keeper_process(identity, ends[1]);
    }
    close(ends[1]);
    keeper->socket = ends[0];
    if (keeper->process < 0) {
        keeper->process = 0;
        return error_set(error, EXIT_CODE_USAGE, "could not start a process: %s", strerror(errno));
    }
    done = receive(keeper, &answer, error);
    if (done) {
        memcpy(keeper->folder, answer.folder, sizeof keeper->folder);
    }
    return done;
}

bool keeper_start_server(Keeper *keeper, const char *bindir, int *port, Error *error)
{
    KeeperAnswer answer;

    if (send(keeper->socket, bindir, strlen(bindir) + 1, MSG_NOSIGNAL) < 0) {
        return keeper_lost(error);
    }
    if (!receive(keeper, &answer, error)) {
        return false;
    }
    *port = answer.port;
    return true;
}

void keeper_await_loss(Keeper *keeper, int other, int milliseconds, Error *error)
{
    struct pollfd inputs[] = {{.fd = keeper->socket, .events = POLLIN},
                              {.fd = other, .events = POLLIN}};
    KeeperAnswer answer;
    int ready;

    error->code = EXIT_CODE_DONE;
    do {
        ready = poll(inputs, 2, milliseconds);
    } while (ready < 0 && errno == EINTR && interrupt_signal() == 0);
    if (ready > 0 && inputs[0].revents != 0) {
        receive(keeper, &answer, error);
    }
}

void keeper_end(Keeper *keeper)
{
    int status = 0;

    if (keeper->process == 0) {
        return;
    }
    /* A word of farewell, which a session that was killed does not say. */
    send(keeper->socket, "", 1, MSG_NOSIGNAL);
    close(keeper->socket);
    while (waitpid(keeper->process, &status, 0) < 0 && errno == EINTR) {
    }
    keeper->process = 0;
    if (!WIFEXITED(status)) {
        /* The system has told the server to stop, which takes a moment. */
        descendants_end(PATIENCE_MS);
        if (!folder_remove(keeper->identity, keeper->folder)) {
            message_warning("the folder \"%s\" could not be removed", keeper->folder);
        }
    }
}
