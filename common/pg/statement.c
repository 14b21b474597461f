/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/statement.h"

#include "common/pg/keep_awake.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* The message type, and the length, which excludes the type. */
static const char FLUSH[] = {'H', 0, 0, 0, 4};

static SSL *tls_of(PGconn *conn)
{
    return PQsslStruct(conn, "OpenSSL");
}

/* Tells whether we can write to the connection, and see that data has arrived, without libpq. */
static bool is_open_to_us(PGconn *conn)
{
    return !PQgssEncInUse(conn) && (!PQsslInUse(conn) || tls_of(conn) != NULL);
}

/* Tells whether we can write without blocking.  If there is room at all, a Flush fits. */
static bool has_room(const PGconn *conn)
{
    struct pollfd socket = {.fd = PQsocket(conn), .events = POLLOUT};

    return poll(&socket, 1, 0) == 1 && socket.revents == POLLOUT;
}

void pg_send_flush(PGconn *conn)
{
    if (!is_open_to_us(conn) || PQflush(conn) != 0 || !has_room(conn)) {
        return;
    }
    /* If this fails, the connection is broken, and the next read will notice. */
    if (PQsslInUse(conn)) {
        SSL_write(tls_of(conn), FLUSH, sizeof FLUSH);
    } else {
        (void)!send(PQsocket(conn), FLUSH, sizeof FLUSH, MSG_NOSIGNAL);
    }
}

/* Reads what arrives, and sends a Flush whenever nothing does.  False: the connection is lost. */
static bool wait_for_input(PGconn *conn)
{
    while (PQstatus(conn) != CONNECTION_BAD) {
        struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
        /* Data already decrypted does not show at the socket. */
        bool has_come = PQsslInUse(conn) && SSL_pending(tls_of(conn)) > 0;
        int ready = has_come ? 1 : poll(&socket, 1, KEEP_AWAKE_MS);

        if (ready > 0) {
            return PQconsumeInput(conn) != 0;
        }
        if (ready == 0) {
            pg_send_flush(conn);
        }
    }
    return false;
}

PGresult *pg_wait_result(PGconn *conn)
{
    while (PQisBusy(conn) && is_open_to_us(conn) && wait_for_input(conn)) {
    }
    return PQgetResult(conn);
}

int pg_wait_copy_data(PGconn *conn, char **piece)
{
    int size;

    while ((size = PQgetCopyData(conn, piece, 1)) == 0 && is_open_to_us(conn) &&
           wait_for_input(conn)) {
    }
    /* If the connection is lost, this call returns the reason. */
    return size != 0 ? size : PQgetCopyData(conn, piece, 0);
}

static bool begins_copy(ExecStatusType status)
{
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Returns the last result, or the first that starts a COPY; after an error none follows. */
static PGresult *wait_for_last_result(PGconn *conn)
{
    PGresult *last = NULL;
    PGresult *result;

    while ((result = pg_wait_result(conn)) != NULL) {
        PQclear(last);
        last = result;
        if (begins_copy(PQresultStatus(result)) || PQstatus(conn) == CONNECTION_BAD) {
            break;
        }
    }
    return last;
}

PGresult *pg_run(PGconn *conn, const char *sql)
{
    return PQsendQuery(conn, sql) == 0 ? NULL : wait_for_last_result(conn);
}

PGresult *pg_run_parameters(PGconn *conn, const char *sql, int count, const char *const *parameters)
{
    return PQsendQueryParams(conn, sql, count, NULL, parameters, NULL, NULL, 0) == 0
               ? NULL
               : wait_for_last_result(conn);
}
