/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How quickly TCP notices that the peer is gone.
 */
#ifndef COMMON_PG_LIVENESS_H
#define COMMON_PG_LIVENESS_H

#include <libpq-fe.h>

/* Makes the kernel probe an idle connection after 30 s and drop it after three unanswered probes,
 * and drop a connection on which sent data is not acknowledged for 5 min.  Each applies unless the
 * user has set the libpq parameter (keepalives_idle, keepalives_interval, keepalives_count,
 * tcp_user_timeout) in a connection string or service file.  No effect on Unix sockets, or where
 * the system lacks the setting. */
void pg_set_liveness(PGconn *conn);

#endif
