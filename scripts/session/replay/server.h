/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The throw-away PostgreSQL server: making a cluster, starting and stopping it.
 * For the supervisor (supervisor.h), as whose child it runs; what it prints goes through a pipe
 * into memory.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SERVER_H
#define SCRIPTS_SESSION_REPLAY_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

/* The ports to choose from: above those of well-known services, below those that Linux gives to
 * outgoing connections. */
enum { SERVER_PORT_MIN = 10240, SERVER_PORT_MAX = 32767 };

/* What stands behind the folder's name in the longest name of a socket. */
#define SERVER_SOCKET_LONGEST "/socket/.s.PGSQL.32767"

#define SERVER_SUPERUSER "postgres"

enum { SERVER_OUTPUT_SIZE = 2048 };

typedef struct Server {
    const Identity *identity;
    const char *folder; /* see folder.h */
    pid_t pid;          /* 0: it does not run */
    int port;           /* 0: initdb runs */
    int output;         /* the read end of what it prints; -1: none */
    char printed[SERVER_OUTPUT_SIZE];
    size_t printed_size; /* the latest so many bytes of it */
} Server;

/* Whether the server may still be wanted; asked while something takes time. */
typedef bool ServerWanted(void *argument);

/* Makes a cluster and starts the server; returns when it listens.  False also when it is not wanted
 * any more; then whatever was begun has ended. */
bool server_start(Server *server, const char *bindir, ServerWanted *wanted, void *argument,
                  Error *error);

/* Takes in what has been printed; false at its end. */
bool server_read_output(Server *server);

/* Stops it, and ends all processes that it has left behind. */
void server_stop(Server *server);

/* The end of what it printed, as the detail of an error. */
bool server_detail(const Server *server, Error *error);

#endif
