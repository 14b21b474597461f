/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/connection.h"

#include "common/base/text.h"
#include "common/pg/connection_private.h"
#include "common/pg/conninfo.h"
#include "common/pg/liveness.h"
#include "common/pg/pgx.h"
#include "common/pg/settings.h"
#include "common/pg/start.h"
#include "common/pg/statement.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pg_cancel_all(void)
{
    return keep_awake_cancel_all();
}

void pg_connection_acquire(const PgConnection *connection)
{
    keep_awake_acquire((KeptConnection *)(uintptr_t)&connection->kept);
}

void pg_connection_release(const PgConnection *connection)
{
    keep_awake_release((KeptConnection *)(uintptr_t)&connection->kept);
}

/* Warnings only: before pg_begin's settings apply, the role's client_min_messages may let more
 * through. */
static void pass_notice(void (*on_notice)(const char *text), const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (on_notice != NULL && text != NULL && severity != NULL && strcmp(severity, "WARNING") == 0) {
        on_notice(text);
    }
}

static void handle_notice(void *argument, const PGresult *result)
{
    pass_notice(((const PgConnection *)argument)->on_notice, result);
}

static void handle_first_notice(void *argument, const PGresult *result)
{
    pass_notice(((const PgOptions *)argument)->on_notice, result);
}

static PGconn *connect_once(const PgOptions *options, const char *dbname)
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
    /* Later keywords override earlier ones: as in psql, the connection string wins. */
    ADD("host", options->host);
    ADD("port", options->port);
    ADD("user", options->user);
    ADD("password", options->password);
    ADD("dbname", dbname);
    ADD("fallback_application_name", options->program);
    keywords[n] = NULL;
    values[n] = NULL;
#undef ADD
    return pg_start(keywords, values, handle_first_notice, (void *)(uintptr_t)options);
}

static bool connection_failed(PGconn *conn, Error *error)
{
    if (conn == NULL) {
        return error_out_of_memory(error);
    }
    error_set(error, EXIT_CODE_CONNECTION, "could not connect to the database");
    error_detail(error, "%s",
                 PQstatus(conn) == CONNECTION_BAD ? PQerrorMessage(conn) : "timeout expired");
    PQfinish(conn);
    return false;
}

/* Takes over the connection.  Closes it and returns NULL on failure. */
static PgConnection *wrap(PGconn *conn, const PgOptions *options, Error *error)
{
    PgConnection *c = calloc(1, sizeof *c);

    if (c == NULL) {
        PQfinish(conn);
        error_out_of_memory(error);
        return NULL;
    }
    c->conn = conn;
    c->on_notice = options->on_notice;
    c->on_statement = options->on_statement;
    PQsetNoticeReceiver(conn, handle_notice, c);
    pg_set_liveness(conn);
    if (!keep_awake_add(&c->kept, conn, error)) {
        PQfinish(conn);
        free(c);
        return NULL;
    }
    return c;
}

/* Tries the settings in a transaction of their own. */
static bool try_settings(PgConnection *connection, Error *error)
{
    Buffer sql = {0};
    bool done = connection->settings.count == 0 ||
                (buffer_append_text(&sql, "BEGIN;", error) &&
                 pg_settings_append(connection, &connection->settings, true, &sql, error) &&
                 buffer_append_text(&sql, "ROLLBACK", error) &&
                 pg_execute(connection, buffer_string(&sql), NULL, error));

    buffer_free(&sql);
    return done;
}

/* A parameter of the connection string may be misspelled. */
static bool check_settings(PgConnection *connection, Error *error)
{
    Error server;

    if (try_settings(connection, error)) {
        return true;
    }
    if (error->code == EXIT_CODE_FAILED) {
        server = *error;
        error_set(error, EXIT_CODE_USAGE,
                  "the server refuses a parameter of the connection string");
        error_detail(error, "%s", server.message);
        error_hint(error, "What libpq does not know is a run-time parameter of the server's, "
                          "as with lakeFS's driver.");
    }
    return false;
}

/* The role is one more setting.  It comes last, so that it takes precedence over the connection
 * string, and that the others are set with the user's own rights. */
static bool add_role(PgConnection *connection, const char *role, Error *error)
{
    Error server;

    if (role == NULL) {
        return true;
    }
    if (!words_add(&connection->settings, "role", error) ||
        !words_add(&connection->settings, role, error)) {
        return false;
    }
    if (try_settings(connection, error)) {
        return true;
    }
    if (error->code == EXIT_CODE_FAILED) {
        server = *error;
        error_set(error, EXIT_CODE_USAGE, "could not become role \"%s\"", role);
        error_detail(error, "%s", server.message);
        error_hint(error, "The user of the connection must be a member of the role that --role "
                          "names.");
    }
    return false;
}

/* Connects to `dbname`, and asks for the password where that is necessary. */
static PGconn *connect_asking(PgOptions *options, const char *dbname, Error *error)
{
    PGconn *conn;

    if (options->force_password && options->password == NULL) {
        options->password = options->ask_password(error);
        if (options->password == NULL) {
            return NULL;
        }
    }
    conn = connect_once(options, dbname);
    if (PQstatus(conn) == CONNECTION_BAD && PQconnectionNeedsPassword(conn) &&
        options->password == NULL && !options->no_password && options->ask_password != NULL) {
        PQfinish(conn);
        options->password = options->ask_password(error);
        if (options->password == NULL) {
            return NULL;
        }
        conn = connect_once(options, dbname);
    }
    if (PQstatus(conn) != CONNECTION_OK) {
        connection_failed(conn, error);
        return NULL;
    }
    return conn;
}

static bool connect_split(PgOptions *options, PgxConninfo *conninfo, PgConnection **connection,
                          Error *error)
{
    PGconn *conn;

    if (conninfo->libpq != NULL && !pg_conninfo_check(conninfo->libpq, error)) {
        return false;
    }
    conn = connect_asking(options, conninfo->libpq, error);
    *connection = conn == NULL ? NULL : wrap(conn, options, error);
    if (*connection == NULL) {
        return false;
    }
    (*connection)->settings = conninfo->settings;
    conninfo->settings = (Words){0};
    if (!check_settings(*connection, error) || !add_role(*connection, options->role, error)) {
        pg_close(*connection);
        *connection = NULL;
        return false;
    }
    return true;
}

bool pg_connect(PgOptions *options, PgConnection **connection, Error *error)
{
    PgxConninfo conninfo = {0};
    bool done = (options->dbname == NULL || pgx_split(options->dbname, &conninfo, NULL, error)) &&
                connect_split(options, &conninfo, connection, error);

    pgx_free(&conninfo);
    return done;
}

bool pg_connect_again(const PgOptions *options, PgConnection **connection, Error *error)
{
    PgOptions again = *options;

    again.force_password = false;
    again.no_password = true;
    return pg_connect(&again, connection, error);
}

const Words *pg_connection_settings(const PgConnection *connection)
{
    return &connection->settings;
}

void pg_close(PgConnection *connection)
{
    if (connection == NULL) {
        return;
    }
    keep_awake_remove(&connection->kept);
    PQfreemem(connection->copied);
    PQfinish(connection->conn);
    words_free(&connection->settings);
    free(connection->failure);
    free(connection);
}

int pg_server_version(const PgConnection *connection)
{
    return PQserverVersion(connection->conn);
}

/* Parameters that the server reports once, at the start. */
static const char *parameter_status(const PgConnection *connection, const char *name)
{
    const char *value;

    pg_connection_acquire(connection);
    value = PQparameterStatus(connection->conn, name);
    pg_connection_release(connection);
    return value;
}

const char *pg_server_version_text(const PgConnection *connection)
{
    const char *text = parameter_status(connection, "server_version");

    return text == NULL ? "unknown" : text;
}

bool pg_is_sql_ascii(const PgConnection *connection)
{
    const char *encoding = parameter_status(connection, "server_encoding");

    return encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
}

const char *pg_database_name(const PgConnection *connection)
{
    return PQdb(connection->conn);
}

bool pg_is_lost(const PgConnection *connection)
{
    bool lost;

    pg_connection_acquire(connection);
    lost = PQstatus(connection->conn) == CONNECTION_BAD;
    pg_connection_release(connection);
    return lost;
}

static void show_statement(PgConnection *connection, const char *sql)
{
    snprintf(connection->statement, sizeof connection->statement, "%s", sql);
    if (connection->on_statement != NULL) {
        connection->on_statement(sql);
    }
}

PGresult *pg_connection_execute(PgConnection *connection, const char *sql)
{
    show_statement(connection, sql);
    return pg_run(connection->conn, sql);
}

/* Checks and frees the result of statements that return no rows.  The connection is acquired. */
static bool executed(PgConnection *connection, PGresult *result, uint64_t *affected, Error *error)
{
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done) {
        pg_connection_failed(connection, result, "a statement failed", error);
    } else if (affected != NULL) {
        *affected = strtoull(PQcmdTuples(result), NULL, 10);
    }
    PQclear(result);
    return done;
}

bool pg_execute(PgConnection *connection, const char *sql, uint64_t *affected, Error *error)
{
    bool done;

    pg_connection_acquire(connection);
    done = executed(connection, pg_connection_execute(connection, sql), affected, error);
    pg_connection_release(connection);
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
    bool done;

    /* A single message, so that the role's statement_timeout cannot strike before it is turned
     * off. */
    done = buffer_append_format(&sql, error, "%s;", BEGIN[access]) &&
           pg_settings_append(connection, &connection->settings, true, &sql, error) &&
           buffer_append_format(
               &sql, error,
               "SET LOCAL statement_timeout = 0;"
               "SET LOCAL idle_in_transaction_session_timeout = 0;"
               "SET LOCAL lock_timeout = %d;"
               "%s"
               "SET LOCAL search_path = '';"
               "SET LOCAL client_encoding = '%s';"
               "SET LOCAL row_security = off;"
               "SET LOCAL synchronize_seqscans = off;"
               /* Rows must come in heap order, and these reads gain nothing from JIT. */
               "SET LOCAL max_parallel_workers_per_gather = 0;"
               "SET LOCAL jit = off;"
               "SET LOCAL standard_conforming_strings = on;"
               "SET LOCAL DateStyle = 'ISO';"
               "SET LOCAL TimeZone = 'UTC';"
               "SET LOCAL IntervalStyle = 'postgres';"
               "SET LOCAL bytea_output = 'hex';"
               "SET LOCAL extra_float_digits = 3;"
               "SET LOCAL quote_all_identifiers = off;"
               "SET LOCAL array_nulls = on;"
               "SET LOCAL transform_null_equals = off;"
               "SET LOCAL exit_on_error = off;"
               "SET LOCAL client_min_messages = 'warning';",
               lock_timeout_ms,
               pg_server_version(connection) >= 170000 ? "SET LOCAL transaction_timeout = 0;" : "",
               pg_is_sql_ascii(connection) ? "SQL_ASCII" : "UTF8") &&
           pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

bool pg_commit(PgConnection *connection, Error *error)
{
    return pg_execute(connection, "COMMIT", NULL, error);
}

void pg_rollback(PgConnection *connection)
{
    pg_connection_acquire(connection);
    if (PQtransactionStatus(connection->conn) != PQTRANS_IDLE) {
        show_statement(connection, "ROLLBACK");
        /* PQexec also ends a COPY. */
        PQclear(PQexec(connection->conn, "ROLLBACK"));
    }
    pg_connection_release(connection);
}

struct PgRows {
    PGresult *result;
};

bool pg_query(PgConnection *connection, const char *sql, int parameter_count,
              const char *const *parameters, PgRows **rows, Error *error)
{
    PGresult *result;

    bool done;

    *rows = NULL;
    show_statement(connection, sql);
    pg_connection_acquire(connection);
    result = pg_run_parameters(connection->conn, sql, parameter_count, parameters);
    done = PQresultStatus(result) == PGRES_TUPLES_OK ||
           pg_connection_failed(connection, result, "a query failed", error);
    pg_connection_release(connection);
    if (!done) {
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
    PGresult *result;
    bool done;

    pg_connection_acquire(connection);
    result = PQprepare(connection->conn, "", sql, 0, NULL);
    done = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (done) {
        PQclear(result);
        result = PQdescribePrepared(connection->conn, "");
        done = PQresultStatus(result) == PGRES_COMMAND_OK;
    }
    if (!done) {
        pg_connection_failed(connection, result, "a query failed", error);
    } else {
        *columns = PQnfields(result);
        for (int i = 0; i < *columns && i < count; i++) {
            types[i] = PQftype(result, i);
        }
    }
    pg_connection_release(connection);
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
    char *quoted;

    pg_connection_acquire(connection);
    quoted = PQescapeIdentifier(connection->conn, name, strlen(name));
    pg_connection_release(connection);
    return append_quoted(quoted, sql, error);
}

bool pg_quote_literal(PgConnection *connection, const char *text, Buffer *sql, Error *error)
{
    char *quoted;

    pg_connection_acquire(connection);
    quoted = PQescapeLiteral(connection->conn, text, strlen(text));
    pg_connection_release(connection);
    return append_quoted(quoted, sql, error);
}

bool pg_export_snapshot(PgConnection *connection, char **name, Error *error)
{
    PgRows *rows;
    bool done;

    *name = NULL;
    if (!pg_query(connection, "SELECT pg_export_snapshot()", 0, NULL, &rows, error)) {
        return false;
    }
    done = text_copy(pg_rows_text(rows, 0, 0), name, error);
    pg_rows_free(rows);
    return done;
}

bool pg_join_snapshot(PgConnection *connection, const char *name, Error *error)
{
    Buffer sql = {0};
    bool done;

    done = buffer_append_text(&sql, "SET TRANSACTION SNAPSHOT ", error) &&
           pg_quote_literal(connection, name, &sql, error) &&
           pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

bool pg_share_snapshot(PgConnection *connection, const char *name, Error *error)
{
    if (pg_join_snapshot(connection, name, error)) {
        return true;
    }
    if (error->code == EXIT_CODE_FAILED) {
        error->code = EXIT_CODE_CONNECTION;
    }
    return false;
}
