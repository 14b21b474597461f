/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The throw-away PostgreSQL server: creating a cluster, starting and stopping it.  It is a child of
 * the supervisor (supervisor.h); its output goes through a pipe into memory.
 */
#ifndef SCRIPTS_SESSION_REPLAY_SERVER_H
#define SCRIPTS_SESSION_REPLAY_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "scripts/session/replay/folder.h"
#include "scripts/session/replay/identity.h"

/* Ports to choose from: above those of well-known services, below Linux's ephemeral ports. */
enum { SERVER_PORT_MIN = 10240, SERVER_PORT_MAX = 32767 };

/* What follows the folder's name in the longest socket name. */
#define SERVER_SOCKET_LONGEST "/socket/.s.PGSQL.32767"

#define SERVER_SUPERUSER "postgres"

enum { SERVER_OUTPUT_SIZE = 2048 };

typedef struct Server {
    const Identity *identity;
    const char *folder; /* see folder.h */
    pid_t pid;          /* 0: not running */
    int port;           /* 0: while initdb runs */
    int output;         /* read end of its output; -1: none */
    char printed[SERVER_OUTPUT_SIZE];
    size_t printed_size; /* the last bytes of its output */
} Server;

/* Whether the server is still wanted; called while waiting. */
typedef bool ServerWanted(void *argument);

/* Creates a cluster and starts the server; returns when it listens.  False also if it is no longer
 * wanted; then nothing is left running. */
bool server_start(Server *server, const char *bindir, ServerWanted *wanted, void *argument,
                  Error *error);

/* Reads what the server has printed; false at the end of its output. */
bool server_read_output(Server *server);

/* Stops the server, and ends all processes that it has left behind. */
void server_stop(Server *server);

/* The end of the server's output, as the detail of an error. */
bool server_detail(const Server *server, Error *error);

#endif
