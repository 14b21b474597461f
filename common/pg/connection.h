/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to PostgreSQL: connecting, transactions, queries.
 *
 * This folder is the only place that includes libpq-fe.h.  All work happens in transactions started
 * by pg_begin, which applies session settings for that transaction only (like pg_dump does for its
 * session: empty search_path, no timeouts, row security off ...).  So no setting of the role or
 * database interferes, and nothing is left behind in a connection pool.  All names in queries must
 * be schema-qualified.
 *
 * A PgConnection belongs to one thread at a time.  While that thread does not use it, it is kept
 * awake (common/pg/keep_awake.h); a loss found that way is reported by the next use.  Errors have
 * EXIT_CODE_CONNECTION when the connection is gone, EXIT_CODE_REFUSED when a lock could not be
 * acquired within lock_timeout, and EXIT_CODE_FAILED otherwise; detail and hint are the server's.
 */
#ifndef COMMON_PG_CONNECTION_H
#define COMMON_PG_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"

typedef struct PgConnection PgConnection;

/* Connection options.  Anything NULL here comes from PG* variables, service and password files, or
 * libpq's defaults. */
typedef struct PgOptions {
    const char *dbname; /* database name, URI or keyword=value string, see common/pg/pgx.h */
    const char *host;
    const char *port;
    const char *user;
    const char *role;    /* to be in each transaction, see SET ROLE; NULL: the user */
    char *password;      /* owned by the caller; set by pg_connect after asking for one */
    bool no_password;    /* -w: never ask */
    bool force_password; /* -W: ask before connecting */
    const char *program; /* application_name, unless the user sets one */

    /* Asks the user for the password.  Returns malloced text, or NULL with the error set. */
    char *(*ask_password)(Error *error);

    /* Called with each warning from the server, without trailing newline; may be NULL. */
    void (*on_notice)(const char *text);

    /* Called with each statement before it is sent; may be NULL. */
    void (*on_statement)(const char *sql);
} PgOptions;

/* Connects.  After a failure nothing is left open.  EXIT_CODE_USAGE for a connection string that
 * cannot be parsed, or that has a run-time parameter that the server refuses, and for a role that
 * the user may not become. */
bool pg_connect(PgOptions *options, PgConnection **connection, Error *error);

/* Opens another connection with the same options, for another worker.  Never asks for a password:
 * the options have it by now. */
bool pg_connect_again(const PgOptions *options, PgConnection **connection, Error *error);

/* The run-time parameters of the connection string, see PgxConninfo.  Valid while the connection is
 * open. */
const Words *pg_connection_settings(const PgConnection *connection);

/* Closes.  Takes NULL. */
void pg_close(PgConnection *connection);

/* 150018 for 15.18. */
int pg_server_version(const PgConnection *connection);

/* "15.18" or "15.18 (Debian ...)", as the server reports it. */
const char *pg_server_version_text(const PgConnection *connection);

/* Tells whether the database encoding is SQL_ASCII: text then arrives unconverted and unchecked. */
bool pg_is_sql_ascii(const PgConnection *connection);

/* Tells whether the connection was lost. */
bool pg_is_lost(const PgConnection *connection);

/* The database name used to connect (behind a connection pool it may differ from
 * current_database()).  Valid while the connection is open. */
const char *pg_database_name(const PgConnection *connection);

typedef enum PgAccess {
    PG_READ_SNAPSHOT, /* REPEATABLE READ, READ ONLY */
    PG_READ_LATEST,   /* READ COMMITTED, READ ONLY: each statement sees the latest data */
    PG_READ_WRITE     /* READ COMMITTED, READ WRITE, even if the default is read only */
} PgAccess;

/* Starts a transaction with the settings described above.  `lock_timeout_ms`: how long a statement
 * waits for a lock; 0: forever. */
bool pg_begin(PgConnection *connection, PgAccess access, int lock_timeout_ms, Error *error);
bool pg_commit(PgConnection *connection, Error *error);

/* Rolls back any open transaction.  Failures are ignored: the caller already has an error. */
void pg_rollback(PgConnection *connection);

/* Runs statements that return no rows.  `affected` (may be NULL) receives the row count of the
 * command tag, 0 if it has none. */
bool pg_execute(PgConnection *connection, const char *sql, uint64_t *affected, Error *error);

/* The result of a query, in text format. */
typedef struct PgRows PgRows;

/* Runs one statement with parameters $1 ... as text (NULL for null). */
bool pg_query(PgConnection *connection, const char *sql, int parameter_count,
              const char *const *parameters, PgRows **rows, Error *error);
int pg_rows_count(const PgRows *rows);
/* Returns a value, valid until pg_rows_free; NULL for null. */
const char *pg_rows_text(const PgRows *rows, int row, int column);
void pg_rows_free(PgRows *rows);

/* The SQLSTATE of the latest failure, or "". */
const char *pg_sqlstate(const PgConnection *connection);

/* The server's complete message of the latest failure, as psql would show it (with position,
 * context ...); "" if there is none.  Valid until the next failure. */
const char *pg_failure_text(const PgConnection *connection);

/* Tells whether the latest failure is a lock_timeout. */
bool pg_lock_timed_out(const PgConnection *connection);

/* Describes a query without running it: stores the type OIDs of at most `count` columns; *columns
 * is the number of columns. */
bool pg_describe(PgConnection *connection, const char *sql, uint32_t *types, int count,
                 int *columns, Error *error);

/* Exports the transaction's snapshot for other connections; *name is malloced. */
bool pg_export_snapshot(PgConnection *connection, char **name, Error *error);

/* Adopts the named snapshot.  Must come first in the transaction. */
bool pg_join_snapshot(PgConnection *connection, const char *name, Error *error);

/* The same for the snapshot of another session of this program: if it is gone, so is that session,
 * and the error is that of a lost connection. */
bool pg_share_snapshot(PgConnection *connection, const char *name, Error *error);

/* Append a quoted identifier or a quoted literal. */
bool pg_quote_identifier(PgConnection *connection, const char *name, Buffer *sql, Error *error);
bool pg_quote_literal(PgConnection *connection, const char *text, Buffer *sql, Error *error);

/* Asks the server to cancel the current statement of every open connection of this process.  False
 * when there is no connection.  Any thread may call it, but not a signal handler. */
bool pg_cancel_all(void);

#endif
