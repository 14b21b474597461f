/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server reports about itself and the current snapshot.  Call these within a transaction.
 */
#ifndef COMMON_PG_SERVER_INFO_H
#define COMMON_PG_SERVER_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/pg/connection.h"

/* Returns the first value of a query without parameters, malloced; "" for null or when there are no
 * rows. */
bool pg_query_text(PgConnection *connection, const char *sql, char **text, Error *error);

/* Returns the cluster's system identifier (pg_control_system()), malloced; "" without permission to
 * read it. */
bool pg_system_identifier(PgConnection *connection, char **text, Error *error);

/* Returns the OID of the database, which keeps it when it is renamed. */
bool pg_database_oid(PgConnection *connection, uint32_t *oid, Error *error);

/* Tells whether the server is a standby, which is read only. */
bool pg_is_standby(PgConnection *connection, bool *standby, Error *error);

/* Fails with EXIT_CODE_REFUSED on a standby. */
bool pg_refuse_standby(PgConnection *connection, Error *error);

enum { PG_TIME_TEXT_SIZE = 32 };

/* Returns the start of the transaction by the server's clock: as microseconds since 1970-01-01
 * 00:00:00 UTC, and as RFC 3339, UTC, in whole seconds. */
bool pg_transaction_time(PgConnection *connection, int64_t *microseconds,
                         char text[PG_TIME_TEXT_SIZE], Error *error);

#endif
