/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* ppoll */
#include "scripts/session/replay/supervisor_process.h"

#include "common/cli/message.h"
#include "scripts/session/replay/descendants.h"
#include "scripts/session/replay/descriptors.h"
#include "scripts/session/replay/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

/* A child's end interrupts only the waits that unblock SIGCHLD. */
static void set_signals(void)
{
    static const int IGNORED[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM, SIGTTOU, SIGTTIN};
    struct sigaction notice = {.sa_handler = do_nothing};
    sigset_t set;

    for (size_t i = 0; i < sizeof IGNORED / sizeof IGNORED[0]; i++) {
        signal(IGNORED[i], SIG_IGN);
    }
    sigaction(SIGCHLD, &notice, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Releases the descriptors of the user and the script; keeps standard error for messages. */
static void release_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
    descriptors_close(socket);
}

/* Whether the session is alive and has said nothing: all it can say now is goodbye. */
static bool is_wanted(void *argument)
{
    struct pollfd input = {.fd = *(const int *)argument, .events = POLLIN};

    return poll(&input, 1, 0) == 0;
}

static void answer(int socket, const SupervisorAnswer *text)
{
    send(socket, text, sizeof *text, MSG_NOSIGNAL);
}

/* Whether the server has ended; other children are what it has left behind. */
static bool is_lost(Server *server)
{
    pid_t ended;

    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        if (ended == server->pid) {
            server->pid = 0;
            return true;
        }
    }
    return false;
}

static void tell_loss(Server *server, int socket)
{
    SupervisorAnswer loss = {0};

    server_read_output(server);
    error_set(&loss.error, EXIT_CODE_CONNECTION, "the throw-away server was lost");
    server_detail(server, &loss.error);
    answer(socket, &loss);
}

/* Waits until the session says goodbye or is gone. */
static void watch(Server *server, int socket)
{
    struct pollfd inputs[] = {{.fd = socket, .events = POLLIN},
                              {.fd = server->output, .events = POLLIN}};
    sigset_t none;

    sigemptyset(&none);
    for (;;) {
        int ready = ppoll(inputs, 2, NULL, &none);

        if (ready > 0 && inputs[0].revents != 0) {
            return;
        }
        if (ready > 0 && inputs[1].revents != 0 && !server_read_output(server)) {
            inputs[1].fd = -1;
        }
        if (server->pid != 0 && is_lost(server)) {
            tell_loss(server, socket);
        }
    }
}

/* Starts the server on request, and waits for the end.  True if the session said goodbye. */
static bool serve(Server *server, int socket)
{
    char bindir[PATH_MAX] = "";
    SupervisorAnswer started = {0};
    ssize_t got;

    do {
        got = recv(socket, bindir, sizeof bindir, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 1) {
        return got == 1;
    }
    bindir[sizeof bindir - 1] = '\0';
    started.done = server_start(server, bindir, is_wanted, &socket, &started.error);
    started.port = server->port;
    answer(socket, &started);
    watch(server, socket);
    return recv(socket, bindir, sizeof bindir, MSG_DONTWAIT) > 0;
}

static void say_lost(void)
{
    Error error = {0};

    error_set(&error, EXIT_CODE_CONNECTION, "the throw-away server was lost");
    error_detail(&error, "The session process was killed.");
    message_error(&error);
}

_Noreturn void supervisor_process(const Identity *identity, int socket)
{
    Server server = {.identity = identity, .output = -1};
    char folder[FOLDER_SIZE] = "";
    SupervisorAnswer made = {0};

    setsid();
    set_signals();
    release_descriptors(socket);
    descendants_adopt();
    server.folder = folder;
    made.done = folder_make(identity, folder, &made.error);
    memcpy(made.folder, folder, sizeof made.folder);
    answer(socket, &made);
    if (!serve(&server, socket)) {
        say_lost();
    }
    server_stop(&server);
    if (!folder_remove(identity, folder)) {
        message_warning("the folder \"%s\" could not be removed", folder);
    }
    _exit(0);
}
