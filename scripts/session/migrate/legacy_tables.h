/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy tables of a database: which there are, and the locks on them.
 *
 * Their names are known to kv-export alone, which is asked.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LEGACY_TABLES_H
#define SCRIPTS_SESSION_MIGRATE_LEGACY_TABLES_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Fills session->legacy. */
bool legacy_tables_find(Session *session, Error *error);

/* Appends the qualified names of the tables found, separated by commas, for SQL. */
bool legacy_tables_append(Session *session, Buffer *sql, Error *error);

/* Appends "DROP TABLE ...;" for them, to be shown and run. */
bool legacy_tables_append_drop(Session *session, Buffer *sql, Error *error);

/* Appends the names as they are, for people, separated by `separator`. */
bool legacy_tables_append_names(const Words *names, const char *separator, Buffer *text,
                                Error *error);

/*
 * SQL that begins a query: WITH RECURSIVE tree AS (...), where tree has for each legacy table that
 * is there, and for each of its partitions and children, the columns root (the legacy table's oid),
 * relname (its name) and oid.  $1 is the schema, $2 the names as legacy_tables_array gives them.
 */
extern const char LEGACY_TREE_SQL[];

/* Appends an array literal of the names that were found. */
bool legacy_tables_array(const Session *session, Buffer *text, Error *error);

/* Locks them against writers, which wait from here on.  A session that has them is waited for as
 * long as lock_timeout allows, then EXIT_CODE_REFUSED names who it is. */
bool legacy_tables_lock(Session *session, Error *error);

/* Describes the sessions and prepared transactions that hold locks against writers off now; "" for
 * none; malloced. */
bool legacy_tables_writers(Session *session, char **writers, Error *error);

#endif
