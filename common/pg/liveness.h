/*
 * How long TCP takes to find that the other side of a connection is gone.
 */
#ifndef COMMON_PG_LIVENESS_H
#define COMMON_PG_LIVENESS_H

#include <libpq-fe.h>

/* Has the kernel probe an idle connection from 30 s on and give it up after three probes without an
 * answer, and give up data that nobody takes after 5 min; each unless the user has set it by
 * libpq's parameter (keepalives_idle, keepalives_interval, keepalives_count, tcp_user_timeout), in
 * a connection string or a service file.  Nothing of it matters for a Unix socket, and where the
 * system knows a setting not, it stays as it is. */
void pg_set_liveness(PGconn *conn);

#endif
