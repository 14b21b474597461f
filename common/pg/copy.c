/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/copy.h"

#include "common/pg/connection_private.h"
#include "common/pg/statement.h"

#include <stdlib.h>

/* Sends a COPY command and checks that the server enters the expected state.  The connection is
 * acquired. */
static bool copy_begin(PgConnection *connection, const char *sql, ExecStatusType expected,
                       Error *error)
{
    PGresult *result = pg_connection_execute(connection, sql);
    bool done = PQresultStatus(result) == expected;

    if (!done) {
        pg_connection_failed(connection, result, "COPY failed", error);
    }
    PQclear(result);
    return done;
}

/* Reads the command's result after its data.  The connection is acquired. */
static bool copy_finish(PgConnection *connection, uint64_t *rows, Error *error)
{
    PGresult *result = pg_wait_result(connection->conn);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK;

    if (!done) {
        pg_connection_failed(connection, result, "COPY failed", error);
    } else if (rows != NULL) {
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    }
    /* While the connection is still copying, PQgetResult would return results forever. */
    while (result != NULL && status != PGRES_COPY_IN && status != PGRES_COPY_OUT) {
        PQclear(result);
        result = PQgetResult(connection->conn);
        status = PQresultStatus(result);
    }
    PQclear(result);
    return done;
}

bool pg_copy_out_begin(PgConnection *connection, const char *sql, Error *error)
{
    bool done;

    pg_connection_acquire(connection);
    done = copy_begin(connection, sql, PGRES_COPY_OUT, error);
    if (done) {
        keep_awake_set_copying(&connection->kept, true);
    }
    pg_connection_release(connection);
    return done;
}

/* The connection is acquired. */
static bool copy_out_ended(PgConnection *connection, bool failed, Error *error)
{
    if (!failed) {
        return copy_finish(connection, NULL, error);
    }
    if (pg_is_lost(connection)) {
        return pg_connection_lost(connection, error);
    }
    error_set(error, EXIT_CODE_FAILED, "could not read the COPY stream");
    return error_detail(error, "%s", PQerrorMessage(connection->conn));
}

bool pg_copy_out_read(PgConnection *connection, Slice *piece, bool *end, Error *error)
{
    bool done = true;
    int size;

    PQfreemem(connection->copied);
    connection->copied = NULL;
    pg_connection_acquire(connection);
    size = pg_wait_copy_data(connection->conn, &connection->copied);
    *end = size <= 0;
    *piece = slice_of(connection->copied, *end ? 0 : (size_t)size);
    if (*end) {
        keep_awake_set_copying(&connection->kept, false);
        done = copy_out_ended(connection, size != -1, error);
    }
    pg_connection_release(connection);
    return done;
}

bool pg_copy_in_begin(PgConnection *connection, const char *sql, Error *error)
{
    bool done;

    pg_connection_acquire(connection);
    done = copy_begin(connection, sql, PGRES_COPY_IN, error);
    pg_connection_release(connection);
    return done;
}

/* Sends one message.  The connection is acquired. */
static bool copy_in_write(PgConnection *connection, Slice piece, Error *error)
{
    /* Prefers the server's own error, if it has sent one. */
    return PQputCopyData(connection->conn, (const char *)piece.data, (int)piece.size) == 1 ||
           (copy_finish(connection, NULL, error) &&
            error_set(error, EXIT_CODE_FAILED, "COPY ended before its data"));
}

bool pg_copy_in_write(PgConnection *connection, Slice piece, Error *error)
{
    /* Small enough not to grow libpq's buffer, large enough to make the overhead per message
     * negligible. */
    enum { MESSAGE_SIZE = 64 * 1024 };
    bool done = true;

    pg_connection_acquire(connection);
    while (done && piece.size > 0) {
        size_t size = piece.size < MESSAGE_SIZE ? piece.size : MESSAGE_SIZE;

        done = copy_in_write(connection, slice_of(piece.data, size), error);
        piece = slice_of(piece.data + size, piece.size - size);
    }
    pg_connection_release(connection);
    return done;
}

bool pg_copy_in_end(PgConnection *connection, uint64_t *rows, Error *error)
{
    bool done;

    pg_connection_acquire(connection);
    if (PQputCopyEnd(connection->conn, NULL) != 1 && pg_is_lost(connection)) {
        done = pg_connection_lost(connection, error);
    } else {
        done = copy_finish(connection, rows, error);
    }
    pg_connection_release(connection);
    return done;
}
