/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a connection, for connection.c, failure.c, copy.c and peer.c alone.
 */
#ifndef COMMON_PG_CONNECTION_PRIVATE_H
#define COMMON_PG_CONNECTION_PRIVATE_H

#include "common/pg/connection.h"
#include "common/pg/keep_awake.h"

#include <libpq-fe.h>

struct PgConnection {
    PGconn *conn;
    KeptConnection kept; /* acquired for each use of `conn` */
    Words settings;      /* run-time parameters of the connection string */
    char *copied;        /* the latest piece of COPY OUT, allocated by libpq */
    void (*on_notice)(const char *text);
    void (*on_statement)(const char *sql);
    char statement[2048]; /* the beginning of the latest */
    char sqlstate[6];
    char *failure; /* message of the latest failure; NULL: none */
};

/* Around each use of `conn`: in between, another thread keeps it awake. */
void pg_connection_acquire(const PgConnection *connection);
void pg_connection_release(const PgConnection *connection);

/* Runs statements without parameters.  The connection is acquired; free with PQclear. */
PGresult *pg_connection_execute(PgConnection *connection, const char *sql);

/* Sets the error of a failed statement: the server's message, detail and hint, if any.  Always
 * returns false. */
bool pg_connection_failed(PgConnection *connection, const PGresult *result, const char *what,
                          Error *error);

/* Sets the error of a lost connection.  The first reason found is the real one.  Always returns
 * false. */
bool pg_connection_lost(const PgConnection *connection, Error *error);

#endif
