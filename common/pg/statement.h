/*
 * Statements as libpq runs them, but without the connection falling silent while the server works
 * on one: an index may take hours, and a lock as long as it is waited for.
 *
 * Whenever nothing has come for a second, a Flush goes to the server.  The server reads it once it
 * has done what it is at, and has nothing to flush then: it does not answer.  libpq itself sends
 * one in pipeline mode only, which knows no COPY.  So it is put on the wire by hand, where all that
 * libpq had to send is sent: in plain text or by TLS, but not in the encryption of GSSAPI.
 */
#ifndef COMMON_PG_STATEMENT_H
#define COMMON_PG_STATEMENT_H

#include <libpq-fe.h>

/* As PQexec and PQexecParams (parameters and results as text) do it; the connection must have
 * nothing else under way. */
PGresult *pg_run(PGconn *conn, const char *sql);
PGresult *pg_run_parameters(PGconn *conn, const char *sql, int count,
                            const char *const *parameters);

/* As PQgetResult and PQgetCopyData, waiting. */
PGresult *pg_wait_result(PGconn *conn);
int pg_wait_copy_data(PGconn *conn, char **piece);

/* Sends a Flush, unless that cannot be done at once.  Only while the server works on a statement,
 * or in COPY OUT, and nobody else uses the connection. */
void pg_send_flush(PGconn *conn);

#endif
