/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy tables of a database, and the locks on them.
 *
 * Only kv-export knows their names, so it is asked for them.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LEGACY_TABLES_H
#define SCRIPTS_SESSION_MIGRATE_LEGACY_TABLES_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Fills session->legacy. */
bool legacy_tables_find(Session *session, Error *error);

/* Appends the qualified names of the tables found, for SQL, separated by commas. */
bool legacy_tables_append(Session *session, Buffer *sql, Error *error);

/* Appends "DROP TABLE ...; DROP FUNCTION ...;" for them and for what lets them refuse writes, to be
 * shown and run. */
bool legacy_tables_append_drop(Session *session, Buffer *sql, Error *error);

/* Appends the names of known tables that were not found, separated by commas, for people. */
bool legacy_tables_append_missing(const Session *session, Buffer *text, Error *error);

/* Appends the names as they are, for people, separated by `separator`. */
bool legacy_tables_append_names(const Words *names, const char *separator, Buffer *text,
                                Error *error);

/* Appends an array literal of the names of the tables found. */
bool legacy_tables_array(const Session *session, Buffer *text, Error *error);

/* The same of all names that legacy tables have, found or not. */
bool legacy_tables_known_array(Session *session, Buffer *text, Error *error);

/* Runs a query of the tables found: it begins with LEGACY_TREE, and may have a parameter $3 (NULL:
 * it has none).  The caller frees the rows. */
bool legacy_tables_query(const Session *session, const char *sql, const char *third, PgRows **rows,
                         Error *error);

/* The same for a query of one text; "" for null; malloced. */
bool legacy_tables_query_text(const Session *session, const char *sql, const char *third,
                              char **text, Error *error);

/* Locks them against writers.  Waits for sessions that hold conflicting locks for lock_timeout;
 * then EXIT_CODE_REFUSED names these sessions. */
bool legacy_tables_lock(Session *session, Error *error);

/* Describes the sessions and prepared transactions whose locks conflict with a lock against writers
 * now; "" for none; malloced. */
bool legacy_tables_writers(Session *session, char **writers, Error *error);

/* Likewise those whose locks only conflict with dropping or altering the tables. */
bool legacy_tables_readers(Session *session, char **readers, Error *error);

#endif
