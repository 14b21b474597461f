/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run-time parameters of a connection string in lakeFS's dialect (common/pg/pgx.h), and the
 * role of --role, set by SET after connecting: a connection pool would ignore or refuse them at
 * start-up.
 *
 * pg_begin sets them for its transaction, but for search_path, so that nothing of them is left in a
 * session that others use.
 */
#ifndef COMMON_PG_SETTINGS_H
#define COMMON_PG_SETTINGS_H

#include "common/pg/connection.h"

/* Appends SET LOCAL statements, or SET ones, for all parameters but search_path.  `settings` are
 * names and values, see PgxConninfo. */
bool pg_settings_append(PgConnection *connection, const Words *settings, bool local, Buffer *sql,
                        Error *error);

/* Sets `count` parameters, for this transaction, to the user's values: those of the connection
 * string, else the defaults of the role and database, not what another user of a pooled connection
 * may have set.  Runs queries, so the transaction has a snapshot then. */
bool pg_settings_restore(PgConnection *connection, const char *const *names, size_t count,
                         Error *error);

/* Sets all parameters of the connection string for the session. */
bool pg_settings_apply(PgConnection *connection, Error *error);

#endif
