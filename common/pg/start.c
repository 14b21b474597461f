/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/start.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As in libpq: a second may be over at once. */
enum { LEAST_TIMEOUT = 2, MILLISECONDS = 1000 };

/* What the connection string, the environment and a service file say together. */
typedef struct StartOptions {
    int timeout; /* seconds; 0: none */
    bool several_hosts;
} StartOptions;

static void read_options(PGconn *conn, StartOptions *options)
{
    PQconninfoOption *all = PQconninfo(conn);

    *options = (StartOptions){0};
    for (const PQconninfoOption *option = all; option != NULL && option->keyword != NULL;
         option++) {
        if (option->val == NULL) {
            continue;
        }
        if (strcmp(option->keyword, "connect_timeout") == 0) {
            options->timeout = atoi(option->val);
        } else if (strcmp(option->keyword, "host") == 0 ||
                   strcmp(option->keyword, "hostaddr") == 0) {
            options->several_hosts |= strchr(option->val, ',') != NULL;
        }
    }
    PQconninfoFree(all);
    if (options->timeout < 0) {
        options->timeout = 0;
    } else if (options->timeout > 0 && options->timeout < LEAST_TIMEOUT) {
        options->timeout = LEAST_TIMEOUT;
    }
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * MILLISECONDS + time.tv_nsec / (1000 * 1000);
}

/* Waits until libpq can go on; false once the time is over.  `deadline` 0: never. */
static bool wait_for_socket(PGconn *conn, PostgresPollingStatusType direction, int64_t deadline)
{
    struct pollfd socket = {.fd = PQsocket(conn),
                            .events = direction == PGRES_POLLING_READING ? POLLIN : POLLOUT};
    int ready;

    do {
        int64_t left = deadline == 0 ? -1 : deadline - now();

        if (deadline != 0 && left <= 0) {
            return false;
        }
        ready = poll(&socket, 1, (int)left);
    } while (ready < 0 && errno == EINTR);
    /* A broken socket is for libpq to find out. */
    return ready != 0;
}

static void finish_start(PGconn *conn, int timeout)
{
    int64_t deadline = timeout == 0 ? 0 : now() + (int64_t)timeout * MILLISECONDS;
    PostgresPollingStatusType direction = PGRES_POLLING_WRITING;

    while (direction == PGRES_POLLING_READING || direction == PGRES_POLLING_WRITING) {
        if (!wait_for_socket(conn, direction, deadline)) {
            return;
        }
        direction = PQconnectPoll(conn);
    }
}

PGconn *pg_start(const char *const *keywords, const char *const *values, PQnoticeReceiver receiver,
                 void *argument)
{
    PGconn *conn = PQconnectStartParams(keywords, values, 1);
    StartOptions options;

    if (conn == NULL || PQstatus(conn) == CONNECTION_BAD) {
        return conn;
    }
    read_options(conn, &options);
    if (options.several_hosts && options.timeout > 0) {
        /* Only libpq can give up a host in time for the next one. */
        PQfinish(conn);
        return PQconnectdbParams(keywords, values, 1);
    }
    PQsetNoticeReceiver(conn, receiver, argument);
    finish_start(conn, options.timeout);
    return conn;
}
