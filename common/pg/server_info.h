/*
 * What a server tells of itself and of the snapshot that is read in.  Within a transaction.
 */
#ifndef COMMON_PG_SERVER_INFO_H
#define COMMON_PG_SERVER_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"

/* The first value of a query without parameters, malloced; "" for a null, and where there is no
 * row. */
bool pg_query_text(PgConnection *connection, const char *sql, char **text, Error *error);

/* The identifier of the cluster, as pg_control_system() tells it, malloced; "" where it may not be
 * asked for. */
bool pg_system_identifier(PgConnection *connection, char **text, Error *error);

/* Whether the server is a standby, which cannot be written to. */
bool pg_is_standby(PgConnection *connection, bool *standby, Error *error);

/* Refuses a standby, with EXIT_CODE_REFUSED. */
bool pg_refuse_standby(PgConnection *connection, Error *error);

enum { PG_TIME_TEXT_SIZE = 32 };

/* When the transaction began, by the server's clock: microseconds since 1970-01-01 00:00:00 UTC,
 * and RFC 3339, UTC, in whole seconds. */
bool pg_transaction_time(PgConnection *connection, int64_t *microseconds,
                         char text[PG_TIME_TEXT_SIZE], Error *error);

#endif
