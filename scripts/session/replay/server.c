/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/server.h"

#include "scripts/session/child.h"
#include "scripts/session/replay/descendants.h"
#include "scripts/session/replay/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 20, START_SECONDS = 60, STOP_SECONDS = 10, ATTEMPTS = 20 };

bool server_read_output(Server *server)
{
    char piece[4096];
    ssize_t got;
    size_t size;

    do {
        got = read(server->output, piece, sizeof piece);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return got < 0 && errno == EAGAIN;
    }
    size = (size_t)got;
    if (size >= sizeof server->printed) {
        memcpy(server->printed, piece + size - sizeof server->printed, sizeof server->printed);
        server->printed_size = sizeof server->printed;
        return true;
    }
    if (server->printed_size + size > sizeof server->printed) {
        size_t excess = server->printed_size + size - sizeof server->printed;

        memmove(server->printed, server->printed + excess, server->printed_size - excess);
        server->printed_size -= excess;
    }
    memcpy(server->printed + server->printed_size, piece, size);
    server->printed_size += size;
    return true;
}

bool server_detail(const Server *server, Error *error)
{
    size_t begin = server->printed_size > 1000 ? server->printed_size - 1000 : 0;

    return error_detail(error, "%.*s", (int)(server->printed_size - begin),
                        server->printed + begin);
}

/* Waits a moment, or until the server prints something. */
static void wait_a_moment(Server *server)
{
    struct pollfd output = {.fd = server->output, .events = POLLIN};
    const struct timespec step = {.tv_nsec = STEP_MS * 1000 * 1000};

    if (poll(&output, 1, STEP_MS) > 0 && !server_read_output(server)) {
        nanosleep(&step, NULL); /* it has closed its output */
    }
}

/* Starts one of the server's programs; its output can be read from then on. */
static bool start_program(Server *server, const Words *command, int death_signal, Error *error)
{
    SpawnOptions options = {.identity = server->identity,
                            .command = command,
                            .input = -1,
                            .death_signal = death_signal};
    int ends[2];
    bool started;

    if (!child_pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a pipe: %s", strerror(errno));
    }
    options.output = options.errors = ends[1];
    if (server->output >= 0) {
        close(server->output);
    }
    server->output = ends[0];
    server->printed_size = 0;
    started = spawn(&options, &server->pid, error);
    close(ends[1]);
    if (!started) {
        server->pid = 0;
    }
    return started;
}

/* Whether the program has ended; *code is its exit code. */
static bool has_ended(Server *server, int *code)
{
    int status = 0;

    if (waitpid(server->pid, &status, WNOHANG) <= 0) {
        return false;
    }
    server->pid = 0;
    while (server_read_output(server) && errno != EAGAIN) {
        errno = 0;
    }
    *code = child_exit_code(status);
    return true;
}

static bool not_wanted(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "the server is no longer wanted");
}

/* C's sort order, with UTF-8 characters if the machine has that locale. */
static const char *find_locale(void)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);

    if (locale == NULL) {
        return "C";
    }
    freelocale(locale);
    return "C.UTF-8";
}

/* No password is set yet, so TCP connections are rejected. */
static bool initdb_words(const Server *server, const char *bindir, Words *words, Error *error)
{
    return words_add_format(words, error, "%s/initdb", bindir) &&
           words_add_format(words, error, "--pgdata=%s/postgres/data", server->folder) &&
           words_add(words, "--username=" SERVER_SUPERUSER, error) &&
           words_add(words, "--encoding=UTF8", error) &&
           words_add_format(words, error, "--locale=%s", find_locale()) &&
           words_add(words, "--auth-local=trust", error) &&
           words_add(words, "--auth-host=scram-sha-256", error) &&
           words_add(words, "--no-sync", error);
}

static bool make_cluster(Server *server, const char *bindir, ServerWanted *wanted, void *argument,
                         Error *error)
{
    Words words = {0};
    int code = 0;
    bool started = initdb_words(server, bindir, &words, error) &&
                   start_program(server, &words, SIGKILL, error);

    words_free(&words);
    if (!started) {
        return false;
    }
    while (!has_ended(server, &code)) {
        wait_a_moment(server);
        if (!wanted(argument)) {
            server_stop(server);
            return not_wanted(error);
        }
    }
    if (code == 0) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "initdb failed");
    return server_detail(server, error);
}

/* All settings are arguments: they override files that the server's user can write.  The limit
 * allows for the jobs of an export and an import, and for lakeFS. */
static bool server_words(const Server *server, const char *bindir, Words *words, Error *error)
{
    static const char *const SETTINGS[] = {"listen_addresses=127.0.0.1",
                                           "unix_socket_permissions=0700",
                                           "max_connections=200",
                                           "fsync=off",
                                           "synchronous_commit=off",
                                           "full_page_writes=off",
                                           "timezone=UTC",
                                           "logging_collector=off",
                                           "log_destination=stderr"};
    bool done =
        words_add_format(words, error, "%s/postgres", bindir) && words_add(words, "-D", error) &&
        words_add_format(words, error, "%s/postgres/data", server->folder) &&
        words_add(words, "-c", error) &&
        words_add_format(words, error, "unix_socket_directories=%s/socket", server->folder) &&
        words_add(words, "-c", error) && words_add_format(words, error, "port=%d", server->port);

    for (size_t i = 0; done && i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        done = words_add(words, "-c", error) && words_add(words, SETTINGS[i], error);
    }
    return done;
}

static bool port_is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    bool is_free;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free;
}

static int choose_port(void)
{
    int port = SERVER_PORT_MIN;

    for (int attempt = 0; attempt < 100; attempt++) {
        uint32_t chance = 0;

        (void)!getrandom(&chance, sizeof chance, 0);
        port = SERVER_PORT_MIN + (int)(chance % (SERVER_PORT_MAX - SERVER_PORT_MIN + 1));
        if (port_is_free(port)) {
            break;
        }
    }
    return port;
}

/* Whether the server listens: it creates its socket last. */
static bool listens(const Server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done;

    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/socket/.s.PGSQL.%d", server->folder,
             server->port);
    done = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static bool start_failed(Server *server, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "the server did not start");
    return server_detail(server, error);
}

/* Waits until the server listens; *again: its port was taken by another program. */
static bool await_server(Server *server, ServerWanted *wanted, void *argument, bool *again,
                         Error *error)
{
    time_t end = time(NULL) + START_SECONDS;
    int code;

    while (!listens(server)) {
        if (has_ended(server, &code)) {
            *again = !port_is_free(server->port);
            return start_failed(server, error);
        }
        if (!wanted(argument)) {
            server_stop(server);
            return not_wanted(error);
        }
        if (time(NULL) > end) {
            server_stop(server);
            return start_failed(server, error);
        }
        wait_a_moment(server);
    }
    return true;
}

bool server_start(Server *server, const char *bindir, ServerWanted *wanted, void *argument,
                  Error *error)
{
    bool done = false;
    bool again = true;

    if (!make_cluster(server, bindir, wanted, argument, error)) {
        return false;
    }
    for (int attempt = 0; again && !done && attempt < ATTEMPTS; attempt++) {
        Words words = {0};

        again = false;
        server->port = choose_port();
        /* SIGQUIT stops the server at once; its shared memory is removed too. */
        done = server_words(server, bindir, &words, error) &&
               start_program(server, &words, SIGQUIT, error) &&
               await_server(server, wanted, argument, &again, error);
        words_free(&words);
    }
    return done && folder_close_socket(server->identity, server->folder, error);
}

void server_stop(Server *server)
{
    time_t end = time(NULL) + STOP_SECONDS;
    int code;

    if (server->pid > 0) {
        kill(server->pid, server->port == 0 ? SIGKILL : SIGQUIT);
        while (!has_ended(server, &code) && time(NULL) <= end) {
            wait_a_moment(server);
        }
    }
    descendants_end(0);
    server->pid = 0;
    if (server->output >= 0) {
        close(server->output);
        server->output = -1;
    }
}
