/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs statements like libpq, but keeps the connection from going idle while the server works:
 * building an index may take hours, and so may waiting for a lock.
 *
 * Whenever no data arrives for a second, a Flush is sent.  The server reads it when it has finished
 * the current command, has nothing to flush then, and does not respond. libpq sends a Flush only in
 * pipeline mode, which does not support COPY.  So it is written to the socket directly once libpq
 * has sent its own data: in plain text or through TLS, but not with GSSAPI encryption.
 */
#ifndef COMMON_PG_STATEMENT_H
#define COMMON_PG_STATEMENT_H

#include <libpq-fe.h>

/* Like PQexec and PQexecParams (parameters and results as text).  Nothing else may be in progress
 * on the connection. */
PGresult *pg_run(PGconn *conn, const char *sql);
PGresult *pg_run_parameters(PGconn *conn, const char *sql, int count,
                            const char *const *parameters);

/* Like PQgetResult and PQgetCopyData in blocking mode. */
PGresult *pg_wait_result(PGconn *conn);
int pg_wait_copy_data(PGconn *conn, char **piece);

/* Sends a Flush, unless it would block.  Only while the server executes a statement or a COPY OUT,
 * and nobody else uses the connection. */
void pg_send_flush(PGconn *conn);

#endif
