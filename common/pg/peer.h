/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a connection's socket.
 */
#ifndef COMMON_PG_PEER_H
#define COMMON_PG_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/pg/connection.h"

/* The operating system's user that the server (or a pooler in front of it) runs as.  False where
 * the connection does not go through a Unix-domain socket: it may be on another machine. */
bool pg_peer_user(const PgConnection *connection, uid_t *user);

#endif
