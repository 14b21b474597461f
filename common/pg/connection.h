/*
 * A connection to PostgreSQL: connecting, transactions, queries, COPY in both directions.
 *
 * This folder is the only place that includes libpq-fe.h.  All work happens inside transactions
 * that pg_begin starts: it makes the session's settings for the transaction only (as pg_dump does
 * for its session: empty search_path, no time-outs, row security off ...), so that nothing that a
 * role or database sets gets in the way, and nothing of ours stays behind in a connection pool.
 * Every name in a query must therefore be qualified.
 *
 * A PgConnection belongs to one thread at a time.  While that thread does not use it, it is kept
 * awake (common/pg/keep_awake.h); a loss that was found so is the error of its next use.  Errors
 * carry EXIT_CODE_CONNECTION when the connection is gone, EXIT_CODE_REFUSED when a lock was not had
 * in time, else EXIT_CODE_FAILED, with the server's words as detail and hint.
 */
#ifndef COMMON_PG_CONNECTION_H
#define COMMON_PG_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct PgConnection PgConnection;

/* How to connect, with libpq's rules: what is NULL here comes from PG* variables, service and
 * password files, or libpq's defaults. */
typedef struct PgOptions {
    const char *dbname; /* database name, URI or keyword=value string */
    const char *host;
    const char *port;
    const char *user;
    char *password;      /* owned by the caller; set by pg_connect when it asked for one */
    bool no_password;    /* -w: never ask */
    bool force_password; /* -W: ask before connecting */
    const char *program; /* application_name, unless the user gives one */

    /* Asks the user for the password; returns malloced text, or NULL with the error set. */
    char *(*ask_password)(Error *error);

    /* Called with each warning of the server, without trailing newline; may be NULL. */
    void (*on_notice)(const char *text);

    /* Called with each statement before it is sent; may be NULL. */
    void (*on_statement)(const char *sql);
} PgOptions;

/* Connects.  False: nothing is left open. */
bool pg_connect(PgOptions *options, PgConnection **connection, Error *error);

/* Another connection with the same options, for another worker.  Nobody is asked anything: the
 * first one knows the password by now. */
bool pg_connect_again(const PgOptions *options, PgConnection **connection, Error *error);

/* Closes.  Takes NULL. */
void pg_close(PgConnection *connection);

/* 150018 for 15.18. */
int pg_server_version(const PgConnection *connection);

/* "15.18" or "15.18 (Debian ...)", as the server tells it. */
const char *pg_server_version_text(const PgConnection *connection);

/* The encoding of the database is SQL_ASCII: text arrives unconverted and unchecked. */
bool pg_is_sql_ascii(const PgConnection *connection);

/* Whether the connection was lost. */
bool pg_is_lost(const PgConnection *connection);

/* The name of the database that was connected to, as the server's side of the connection knows it
 * (a pool's may differ from current_database()).  Valid while the connection is open. */
const char *pg_database_name(const PgConnection *connection);

typedef enum PgAccess {
    PG_READ_SNAPSHOT, /* REPEATABLE READ, READ ONLY */
    PG_READ_LATEST,   /* READ COMMITTED, READ ONLY: each statement sees what is there by then */
    PG_READ_WRITE     /* READ COMMITTED, READ WRITE, also where the default is read only */
} PgAccess;

/* Starts a transaction with the settings above.  `lock_timeout_ms`: how long a statement waits for
 * a lock; 0 for ever. */
bool pg_begin(PgConnection *connection, PgAccess access, int lock_timeout_ms, Error *error);
bool pg_commit(PgConnection *connection, Error *error);

/* Rolls back what is open, and says nothing when that fails: the caller has an error already. */
void pg_rollback(PgConnection *connection);

/* Runs statements that return no rows.  `affected` (may be NULL) gets the count of rows of the
 * command tag, 0 where it has none. */
bool pg_execute(PgConnection *connection, const char *sql, uint64_t *affected, Error *error);

/* The rows of a query, as text. */
typedef struct PgRows PgRows;

/* Runs one statement with parameters $1 ... as text (NULL: a null). */
bool pg_query(PgConnection *connection, const char *sql, int parameter_count,
              const char *const *parameters, PgRows **rows, Error *error);
int pg_rows_count(const PgRows *rows);
/* The value, valid until pg_rows_free; NULL for a null. */
const char *pg_rows_text(const PgRows *rows, int row, int column);
void pg_rows_free(PgRows *rows);

/* The error's SQLSTATE of the latest failure, or "". */
const char *pg_sqlstate(const PgConnection *connection);

/* The server's whole message of the latest failure, as psql would show it (position, context ...);
 * "" where there is none.  Valid until the next failure. */
const char *pg_failure_text(const PgConnection *connection);

/* Whether the latest failure is that of a lock that was not had within lock_timeout. */
bool pg_lock_timed_out(const PgConnection *connection);

/* The types of a query's columns, without running it: at most `count` object ids are stored;
 * *columns is their number. */
bool pg_describe(PgConnection *connection, const char *sql, uint32_t *types, int count,
                 int *columns, Error *error);

/* The name of the transaction's snapshot, for other connections to join it; malloced. */
bool pg_export_snapshot(PgConnection *connection, char **name, Error *error);

/* The transaction, just begun, takes over the snapshot of this name. */
bool pg_join_snapshot(PgConnection *connection, const char *name, Error *error);

/* Appends the name as a quoted identifier, the text as a quoted literal. */
bool pg_quote_identifier(PgConnection *connection, const char *name, Buffer *sql, Error *error);
bool pg_quote_literal(PgConnection *connection, const char *text, Buffer *sql, Error *error);

/* COPY ... TO STDOUT.  Begin, then read until *end; a piece is valid until the next read. */
bool pg_copy_out_begin(PgConnection *connection, const char *sql, Error *error);
bool pg_copy_out_read(PgConnection *connection, Slice *piece, bool *end, Error *error);

/* COPY ... FROM STDIN.  Begin, then write pieces of any size, then end; *rows is what the server
 * counted.  After a failure of any of them roll back. */
bool pg_copy_in_begin(PgConnection *connection, const char *sql, Error *error);
bool pg_copy_in_write(PgConnection *connection, Slice piece, Error *error);
bool pg_copy_in_end(PgConnection *connection, uint64_t *rows, Error *error);

/* Asks the server to cancel what each open connection of this process is doing; false when there is
 * no connection.  Any thread may call it, but not a signal handler. */
bool pg_cancel_all(void);

#endif
