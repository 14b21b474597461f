#include "common/pg/connection.h"

#include "common/pg/conninfo.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct PgConnection {
    PGconn *conn;
    char *copied; /* the latest piece of COPY OUT, libpq's memory */
    void (*on_notice)(const char *text);
    void (*on_statement)(const char *sql);
    char sqlstate[6];
    char *failure; /* the latest failure's message; NULL: none */
    PgConnection *next_open;
};

/* All open connections, for pg_cancel_all. */
static pthread_mutex_t open_connections_mutex = PTHREAD_MUTEX_INITIALIZER;
static PgConnection *open_connections;

static void register_connection(PgConnection *connection)
{
    pthread_mutex_lock(&open_connections_mutex);
    connection->next_open = open_connections;
    open_connections = connection;
    pthread_mutex_unlock(&open_connections_mutex);
}

static void unregister_connection(PgConnection *connection)
{
    pthread_mutex_lock(&open_connections_mutex);
    for (PgConnection **link = &open_connections; *link != NULL; link = &(*link)->next_open) {
        if (*link == connection) {
            *link = connection->next_open;
            break;
        }
    }
    pthread_mutex_unlock(&open_connections_mutex);
}

bool pg_cancel_all(void)
{
    char reason[256];
    bool any;

    pthread_mutex_lock(&open_connections_mutex);
    any = open_connections != NULL;
    for (PgConnection *c = open_connections; c != NULL; c = c->next_open) {
        PGcancel *cancel = PQgetCancel(c->conn);

        if (cancel != NULL) {
            PQcancel(cancel, reason, sizeof reason);
            PQfreeCancel(cancel);
        }
    }
    pthread_mutex_unlock(&open_connections_mutex);
    return any;
}

/* Only warnings: what the role wants to see of the log comes before pg_begin's settings count. */
static void handle_notice(void *argument, const PGresult *result)
{
    const PgConnection *connection = argument;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (connection->on_notice != NULL && text != NULL && severity != NULL &&
        strcmp(severity, "WARNING") == 0) {
        connection->on_notice(text);
    }
}

static PGconn *connect_once(const PgOptions *options)
{
    const char *keywords[8];
    const char *values[8];
    int n = 0;

#define ADD(keyword, value)                                                                        \
    do {                                                                                           \
        keywords[n] = (keyword);                                                                   \
        values[n] = (value);                                                                       \
        n++;                                                                                       \
    } while (0)
    /* Later ones beat earlier ones: as in psql, what a connection string says itself counts. */
    ADD("host", options->host);
    ADD("port", options->port);
    ADD("user", options->user);
    ADD("password", options->password);
    ADD("dbname", options->dbname);
    ADD("fallback_application_name", options->program);
    keywords[n] = NULL;
    values[n] = NULL;
#undef ADD
    return PQconnectdbParams(keywords, values, 1);
}

static bool connection_failed(PGconn *conn, Error *error)
{
    if (conn == NULL) {
        return error_out_of_memory(error);
    }
    error_set(error, EXIT_CODE_CONNECTION, "could not connect to the database");
    error_detail(error, "%s", PQerrorMessage(conn));
    PQfinish(conn);
    return false;
}

bool pg_connect(PgOptions *options, PgConnection **connection, Error *error)
{
    PgConnection *c;
    PGconn *conn;

    if (options->dbname != NULL && !pg_conninfo_check(options->dbname, error)) {
        return false;
    }
    if (options->force_password && options->password == NULL) {
        options->password = options->ask_password(error);
        if (options->password == NULL) {
            return false;
        }
    }
    conn = connect_once(options);
    if (PQstatus(conn) == CONNECTION_BAD && PQconnectionNeedsPassword(conn) &&
        options->password == NULL && !options->no_password && options->ask_password != NULL) {
        PQfinish(conn);
        options->password = options->ask_password(error);
        if (options->password == NULL) {
            return false;
        }
        conn = connect_once(options);
    }
    if (PQstatus(conn) != CONNECTION_OK) {
        return connection_failed(conn, error);
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        PQfinish(conn);
        return error_out_of_memory(error);
    }
    c->conn = conn;
    c->on_notice = options->on_notice;
    c->on_statement = options->on_statement;
    PQsetNoticeReceiver(conn, handle_notice, c);
    register_connection(c);
    *connection = c;
    return true;
}

bool pg_connect_again(const PgOptions *options, PgConnection **connection, Error *error)
{
    PgOptions again = *options;

    again.force_password = false;
    again.no_password = true;
    return pg_connect(&again, connection, error);
}

void pg_close(PgConnection *connection)
{
    if (connection == NULL) {
        return;
    }
    unregister_connection(connection);
    PQfreemem(connection->copied);
    PQfinish(connection->conn);
    free(connection->failure);
    free(connection);
}

int pg_server_version(const PgConnection *connection)
{
    return PQserverVersion(connection->conn);
}

const char *pg_server_version_text(const PgConnection *connection)
{
    const char *text = PQparameterStatus(connection->conn, "server_version");

    return text == NULL ? "unknown" : text;
}

bool pg_is_sql_ascii(const PgConnection *connection)
{
    const char *encoding = PQparameterStatus(connection->conn, "server_encoding");

    return encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
}

const char *pg_database_name(const PgConnection *connection)
{
    return PQdb(connection->conn);
}

bool pg_is_lost(const PgConnection *connection)
{
    return PQstatus(connection->conn) == CONNECTION_BAD;
}

const char *pg_sqlstate(const PgConnection *connection)
{
    return connection->sqlstate;
}

bool pg_lock_timed_out(const PgConnection *connection)
{
    return strcmp(connection->sqlstate, "55P03") == 0; /* lock_not_available */
}

const char *pg_failure_text(const PgConnection *connection)
{
    return connection->failure == NULL ? "" : connection->failure;
}

/* Without memory there is none, and the error says less. */
static void keep_failure(PgConnection *connection, const PGresult *result)
{
    const char *text =
        result == NULL ? PQerrorMessage(connection->conn) : PQresultErrorMessage(result);

    free(connection->failure);
    connection->failure = strdup(text);
}

/* Words a failed statement: the server's message, detail and hint where there are any. */
static bool statement_failed(PgConnection *connection, const PGresult *result, const char *what,
                             Error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

    keep_failure(connection, result);
    memset(connection->sqlstate, 0, sizeof connection->sqlstate);
    if (state != NULL) {
        strncpy(connection->sqlstate, state, sizeof connection->sqlstate - 1);
    }
    if (pg_is_lost(connection)) {
        error_set(error, EXIT_CODE_CONNECTION, "the connection to the database was lost");
        return error_detail(error, "%s", PQerrorMessage(connection->conn));
    }
    error_set(error, pg_lock_timed_out(connection) ? EXIT_CODE_REFUSED : EXIT_CODE_FAILED, "%s: %s",
              what, message != NULL ? message : "the server sent an unexpected answer");
    if (message == NULL) {
        error_detail(error, "%s", PQerrorMessage(connection->conn));
    } else if (detail != NULL) {
        error_detail(error, "%s", detail);
    }
    if (hint != NULL) {
        error_hint(error, "%s", hint);
    } else if (pg_lock_timed_out(connection)) {
        error_hint(error, "Another session holds the lock. Wait for it to end, or end it, then run "
                          "again; --lock-wait-timeout says how long to wait.");
    }
    return false;
}

static void show_statement(const PgConnection *connection, const char *sql)
{
    if (connection->on_statement != NULL) {
        connection->on_statement(sql);
    }
}

/* Every statement without parameters. */
static PGresult *execute(PgConnection *connection, const char *sql)
{
    show_statement(connection, sql);
    return PQexec(connection->conn, sql);
}

bool pg_execute(PgConnection *connection, const char *sql, uint64_t *affected, Error *error)
{
    PGresult *result = execute(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (!done) {
        statement_failed(connection, result, "a statement failed", error);
    } else if (affected != NULL) {
        *affected = strtoull(PQcmdTuples(result), NULL, 10);
    }
    PQclear(result);
    return done;
}

bool pg_begin(PgConnection *connection, PgAccess access, int lock_timeout_ms, Error *error)
{
    static const char *const BEGIN[] = {
        [PG_READ_SNAPSHOT] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        [PG_READ_LATEST] = "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY",
        [PG_READ_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
    };
    Buffer sql = {0};
    const char *text = NULL;
    bool done = false;

    /* One message, so that a statement_timeout of the role ends before it can strike. */
    if (buffer_append_format(
            &sql, error,
            "%s;"
            "SET LOCAL statement_timeout = 0;"
            "SET LOCAL idle_in_transaction_session_timeout = 0;"
            "SET LOCAL lock_timeout = %d;"
            "%s"
            "SET LOCAL search_path = '';"
            "SET LOCAL client_encoding = '%s';"
            "SET LOCAL row_security = off;"
            "SET LOCAL synchronize_seqscans = off;"
            /* Rows come in the order of the heap; and what is read has no use for either. */
            "SET LOCAL max_parallel_workers_per_gather = 0;"
            "SET LOCAL jit = off;"
            "SET LOCAL standard_conforming_strings = on;"
            "SET LOCAL DateStyle = 'ISO';"
            "SET LOCAL TimeZone = 'UTC';"
            "SET LOCAL client_min_messages = 'warning';",
            BEGIN[access], lock_timeout_ms,
            pg_server_version(connection) >= 170000 ? "SET LOCAL transaction_timeout = 0;" : "",
            pg_is_sql_ascii(connection) ? "SQL_ASCII" : "UTF8")) {
        text = buffer_text(&sql, error);
    }
    if (text != NULL) {
        done = pg_execute(connection, text, NULL, error);
    }
    buffer_free(&sql);
    return done;
}

bool pg_commit(PgConnection *connection, Error *error)
{
    return pg_execute(connection, "COMMIT", NULL, error);
}

void pg_rollback(PgConnection *connection)
{
    if (PQtransactionStatus(connection->conn) != PQTRANS_IDLE) {
        PQclear(execute(connection, "ROLLBACK"));
    }
}

struct PgRows {
    PGresult *result;
};

bool pg_query(PgConnection *connection, const char *sql, int parameter_count,
              const char *const *parameters, PgRows **rows, Error *error)
{
    PGresult *result;

    *rows = NULL;
    show_statement(connection, sql);
    result = PQexecParams(connection->conn, sql, parameter_count, NULL, parameters, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        statement_failed(connection, result, "a query failed", error);
        PQclear(result);
        return false;
    }
    *rows = malloc(sizeof **rows);
    if (*rows == NULL) {
        PQclear(result);
        return error_out_of_memory(error);
    }
    (*rows)->result = result;
    return true;
}

int pg_rows_count(const PgRows *rows)
{
    return PQntuples(rows->result);
}

const char *pg_rows_text(const PgRows *rows, int row, int column)
{
    return PQgetisnull(rows->result, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}

void pg_rows_free(PgRows *rows)
{
    if (rows != NULL) {
        PQclear(rows->result);
        free(rows);
    }
}

bool pg_describe(PgConnection *connection, const char *sql, uint32_t *types, int count,
                 int *columns, Error *error)
{
    PGresult *result = PQprepare(connection->conn, "", sql, 0, NULL);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (done) {
        PQclear(result);
        result = PQdescribePrepared(connection->conn, "");
        done = PQresultStatus(result) == PGRES_COMMAND_OK;
    }
    if (!done) {
        statement_failed(connection, result, "a query failed", error);
    } else {
        *columns = PQnfields(result);
        for (int i = 0; i < *columns && i < count; i++) {
            types[i] = PQftype(result, i);
        }
    }
    PQclear(result);
    return done;
}

static bool append_quoted(char *quoted, Buffer *sql, Error *error)
{
    bool done;

    if (quoted == NULL) {
        return error_out_of_memory(error);
    }
    done = buffer_append_text(sql, quoted, error);
    PQfreemem(quoted);
    return done;
}

bool pg_quote_identifier(PgConnection *connection, const char *name, Buffer *sql, Error *error)
{
    return append_quoted(PQescapeIdentifier(connection->conn, name, strlen(name)), sql, error);
}

bool pg_quote_literal(PgConnection *connection, const char *text, Buffer *sql, Error *error)
{
    return append_quoted(PQescapeLiteral(connection->conn, text, strlen(text)), sql, error);
}

bool pg_export_snapshot(PgConnection *connection, char **name, Error *error)
{
    PgRows *rows;

    *name = NULL;
    if (!pg_query(connection, "SELECT pg_export_snapshot()", 0, NULL, &rows, error)) {
        return false;
    }
    *name = strdup(pg_rows_text(rows, 0, 0));
    pg_rows_free(rows);
    return *name != NULL || error_out_of_memory(error);
}

bool pg_join_snapshot(PgConnection *connection, const char *name, Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    bool done;

    if (buffer_append_text(&sql, "SET TRANSACTION SNAPSHOT ", error) &&
        pg_quote_literal(connection, name, &sql, error)) {
        text = buffer_text(&sql, error);
    }
    done = text != NULL && pg_execute(connection, text, NULL, error);
    buffer_free(&sql);
    return done;
}

/* Sends a COPY command and checks that the server goes into the expected state. */
static bool copy_begin(PgConnection *connection, const char *sql, ExecStatusType expected,
                       Error *error)
{
    PGresult *result = execute(connection, sql);
    bool done = PQresultStatus(result) == expected;

    if (!done) {
        statement_failed(connection, result, "COPY failed", error);
    }
    PQclear(result);
    return done;
}

/* Reads the command's result after its data. */
static bool copy_finish(PgConnection *connection, uint64_t *rows, Error *error)
{
    PGresult *result = PQgetResult(connection->conn);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK;

    if (!done) {
        statement_failed(connection, result, "COPY failed", error);
    } else if (rows != NULL) {
        *rows = strtoull(PQcmdTuples(result), NULL, 10);
    }
    /* A connection that is still copying would answer for ever. */
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
    return copy_begin(connection, sql, PGRES_COPY_OUT, error);
}

bool pg_copy_out_read(PgConnection *connection, Slice *piece, bool *end, Error *error)
{
    int size;

    PQfreemem(connection->copied);
    connection->copied = NULL;
    *end = false;
    size = PQgetCopyData(connection->conn, &connection->copied, 0);
    if (size > 0) {
        *piece = slice_of(connection->copied, (size_t)size);
        return true;
    }
    *end = true;
    *piece = (Slice){0};
    if (size == -1) {
        return copy_finish(connection, NULL, error);
    }
    if (pg_is_lost(connection)) {
        error_set(error, EXIT_CODE_CONNECTION, "the connection to the database was lost");
    } else {
        error_set(error, EXIT_CODE_FAILED, "could not read the COPY stream");
    }
    return error_detail(error, "%s", PQerrorMessage(connection->conn));
}

bool pg_copy_in_begin(PgConnection *connection, const char *sql, Error *error)
{
    return copy_begin(connection, sql, PGRES_COPY_IN, error);
}

bool pg_copy_in_write(PgConnection *connection, Slice piece, Error *error)
{
    /* Small enough that libpq's buffer does not grow, large enough that messages cost nothing. */
    enum { MESSAGE_SIZE = 64 * 1024 };

    while (piece.size > 0) {
        size_t size = piece.size < MESSAGE_SIZE ? piece.size : MESSAGE_SIZE;

        if (PQputCopyData(connection->conn, (const char *)piece.data, (int)size) != 1) {
            /* The server's own reason, where it has sent one, says more. */
            return copy_finish(connection, NULL, error) &&
                   error_set(error, EXIT_CODE_FAILED, "COPY ended before its data");
        }
        piece = slice_of(piece.data + size, piece.size - size);
    }
    return true;
}

bool pg_copy_in_end(PgConnection *connection, uint64_t *rows, Error *error)
{
    if (PQputCopyEnd(connection->conn, NULL) != 1 && pg_is_lost(connection)) {
        error_set(error, EXIT_CODE_CONNECTION, "the connection to the database was lost");
        return error_detail(error, "%s", PQerrorMessage(connection->conn));
    }
    return copy_finish(connection, rows, error);
}
