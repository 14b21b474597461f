/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/restore.h"

#include "common/pg/connection.h"
#include "common/pg/copy.h"
#include "scripts/session/replay/psql_connect.h"
#include "scripts/session/replay/restored.h"
#include "scripts/session/replay/server.h"
#include "scripts/session/replay/sql_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char ENCODING[] = "\\encoding ";

enum { START_SECONDS = 60, STEP_MS = 50, SHOWN_STATEMENT = 200 };

/* Waits until the server accepts connections, which is later than when it listens. */
static bool await_server(const Address *address, PgConnection **connection, Error *error)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000 * 1000};
    time_t end = time(NULL) + START_SECONDS;

    while (!restored_connect(address, "postgres", connection, error)) {
        if (time(NULL) > end) {
            return false;
        }
        nanosleep(&step, NULL);
    }
    return true;
}

/* Sets the password.  The server logs statements that fail; this one must not be logged. */
static bool set_password(PgConnection *connection, const Address *address, Error *error)
{
    char sql[256];
    bool done;

    snprintf(sql, sizeof sql,
             "SET password_encryption = 'scram-sha-256';"
             "ALTER ROLE " SERVER_SUPERUSER " PASSWORD '%s'",
             address->password);
    done = pg_execute(connection, sql, NULL, error);
    explicit_bzero(sql, sizeof sql);
    return done;
}

bool restore_prepare(const void *address, void *version, Error *error)
{
    PgConnection *connection;
    PgRows *rows = NULL;
    bool done =
        await_server(address, &connection, error) && set_password(connection, address, error) &&
        pg_execute(connection, "CREATE DATABASE " REPLAY_DATABASE, NULL, error) &&
        pg_query(connection, "SELECT split_part(version(), ' on ', 1)", 0, NULL, &rows, error);

    if (done) {
        snprintf(version, VERSION_SIZE, "%s", pg_rows_text(rows, 0, 0));
    }
    pg_rows_free(rows);
    pg_close(connection);
    return done;
}

/* A restore in progress. */
typedef struct Session {
    const Restore *restore;
    PgConnection *connection;
    SqlReader *reader;
    bool is_custom; /* then line numbers of the SQL mean nothing to the user */
} Session;

static bool begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* Whether a statement's failure matters.  Users and privileges of the old server do not matter
 * here, nor do drops of missing objects or unknown settings. */
static bool matters(const char *statement)
{
    static const char *const BEGINNINGS[] = {"DROP ",
                                             "SET ",
                                             "GRANT ",
                                             "REVOKE ",
                                             "ALTER DEFAULT PRIVILEGES ",
                                             "COMMENT ON EXTENSION ",
                                             "CREATE DATABASE "};
    char first[1024];

    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++) {
        if (begins_with(statement, BEGINNINGS[i])) {
            return false;
        }
    }
    snprintf(first, sizeof first, "%.*s", (int)strcspn(statement, "\n"), statement);
    if (begins_with(first, "ALTER TABLE ") &&
        (strstr(first, " DROP CONSTRAINT ") != NULL || strstr(first, " DROP DEFAULT") != NULL)) {
        return false;
    }
    return !(begins_with(first, "ALTER ") && strstr(first, " OWNER TO ") != NULL) &&
           strcmp(statement, "CREATE SCHEMA public") != 0;
}

/* Reports a failed statement: the cause, the place, and the statement. */
static bool not_restored(const Session *session, Error *error)
{
    char what[sizeof error->message];
    char hint[sizeof error->hint];
    char where[64] = "";

    if (error->code == EXIT_CODE_CONNECTION) {
        return false;
    }
    snprintf(what, sizeof what, "%s", error->message);
    snprintf(hint, sizeof hint, "%s", error->hint);
    if (!session->is_custom) {
        snprintf(where, sizeof where, "Line %zu: ", session->reader->line);
    }
    error_set(error, EXIT_CODE_DUMP, "\"%s\" could not be restored", session->restore->dump->name);
    error_detail(error, "%s%s\n%.*s", where, what, SHOWN_STATEMENT,
                 buffer_string(&session->reader->text));
    return error_hint(error, "%s",
                      hint[0] != '\0' ? hint
                                      : "Make it again, with pg_dump of lakeFS's database, or use "
                                        "a newer server with --bindir.");
}

static bool copy_data(Session *session, Error *error)
{
    Slice data;
    bool end;

    for (;;) {
        if (!sql_reader_data(session->reader, &data, &end, error)) {
            return false;
        }
        if (end) {
            return pg_copy_in_end(session->connection, NULL, error);
        }
        if (!pg_copy_in_write(session->connection, data, error)) {
            return false;
        }
    }
}

/* Asks the server whether strings have escapes, if that may have changed. */
static bool note_escapes(Session *session, Error *error)
{
    PgRows *rows;

    if (strstr(buffer_string(&session->reader->text), "standard_conforming_strings") == NULL) {
        return true;
    }
    if (!pg_query(session->connection, "SHOW standard_conforming_strings", 0, NULL, &rows, error)) {
        return false;
    }
    session->reader->escapes = strcmp(pg_rows_text(rows, 0, 0), "off") == 0;
    pg_rows_free(rows);
    return true;
}

/* COPY from a server's file or program is a statement like any other: no data follows it. */
static bool is_copy_from_stdin(const char *statement)
{
    if (!begins_with(statement, "COPY") || isalnum((unsigned char)statement[4])) {
        return false;
    }
    while (*statement != '\0' && !begins_with(statement, "from stdin")) {
        statement++;
    }
    return *statement != '\0';
}

static bool run_statement(Session *session, Error *error)
{
    const char *statement = buffer_string(&session->reader->text);

    if (is_copy_from_stdin(statement)) {
        return pg_copy_in_begin(session->connection, statement, error) && copy_data(session, error);
    }
    if (!pg_execute(session->connection, statement, NULL, error) &&
        (pg_is_lost(session->connection) || matters(statement))) {
        return false;
    }
    return note_escapes(session, error);
}

/* pg_dump -C sets the encoding before connecting to a database with an unusual name. */
static bool set_encoding(Session *session, const char *name, Error *error)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SET client_encoding = '%.63s'", name);
    return pg_execute(session->connection, sql, NULL, error);
}

/* Whether the text is a single plain word. */
static bool is_word(const char *text)
{
    static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    return text[0] != '\0' && text[strspn(text, PLAIN)] == '\0';
}

/* The psql commands that pg_dump writes: change the database (-C) or the encoding, and \restrict,
 * which has no effect here. */
static bool run_command(Session *session, Error *error)
{
    const char *command = buffer_string(&session->reader->text);
    char database[PSQL_NAME_SIZE];

    if (begins_with(command, ENCODING) && is_word(command + strlen(ENCODING))) {
        return set_encoding(session, command + strlen(ENCODING), error);
    }
    if (begins_with(command, "\\restrict ") || begins_with(command, "\\unrestrict ")) {
        return true;
    }
    if (!psql_connect_database(command, database)) {
        error_set(error, EXIT_CODE_DUMP, "commands of psql are not run");
        return error_hint(error, "pg_dump writes none but \\connect, \\encoding and \\restrict: "
                                 "this dump was altered, or not made by pg_dump.");
    }
    pg_close(session->connection);
    session->reader->escapes = false;
    return restored_connect(session->restore->address, database, &session->connection, error) ||
           error_set(error, EXIT_CODE_DUMP, "could not connect: %s", error->detail);
}

static bool run_all(Session *session, Error *error)
{
    for (;;) {
        SqlPiece piece;
        bool done = sql_reader_next(session->reader, &piece, error);

        if (done && piece == SQL_END) {
            return true;
        }
        done = done && (piece == SQL_STATEMENT ? run_statement(session, error)
                                               : run_command(session, error));
        if (!done) {
            return not_restored(session, error);
        }
    }
}

/* Damage to the dump is reported first: other errors follow from it. */
static bool restore_stream(const Restore *restore, Error *error)
{
    static SqlReader reader;
    Session session = {
        .restore = restore, .reader = &reader, .is_custom = restore->dump->kind == DUMP_CUSTOM};
    DumpStream stream;
    Error of_stream = {0};
    bool done = dump_stream_open(restore->dump, true, &stream, error);

    sql_reader_init(&reader, stream.output);
    done = done &&
           restored_connect(restore->address, REPLAY_DATABASE, &session.connection, error) &&
           run_all(&session, error);
    pg_close(session.connection);
    sql_reader_free(&reader);
    if (!dump_stream_close(restore->dump, &stream, &of_stream)) {
        *error = of_stream;
        return false;
    }
    return done;
}

bool restore_dump(const void *argument, void *nothing, Error *error)
{
    const Restore *restore = argument;

    (void)nothing;
    return restore_stream(restore, error) && restored_find(restore, error);
}
