/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the schema migrations that a database has not had.
 *
 * Each file runs with its version's row in one transaction, on a connection of its own beside the
 * session's, which holds the lock.  A file that controls transactions itself runs as golang-migrate
 * does it: dirty while it runs, and after a failure.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SCHEMA_MIGRATIONS_H
#define SCRIPTS_SESSION_MIGRATE_SCHEMA_MIGRATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* The index of the first migration that would run; their count where none would. */
size_t schema_migrations_first(const Session *session);

/* Runs them all, from the session's version to the last one; creates the table schema_migrations
 * where it is missing. */
bool schema_migrations_run(Session *session, Error *error);

#endif
