/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the schema migrations that a database does not have yet.
 *
 * Each file and its version are committed in one transaction, on a connection of its own; the
 * session's connection holds the lock.  A file that controls transactions itself runs as
 * golang-migrate runs it: the schema is dirty while the file runs and after a failure.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SCHEMA_MIGRATIONS_H
#define SCRIPTS_SESSION_MIGRATE_SCHEMA_MIGRATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Index of the first migration that would run; the number of migrations if none would. */
size_t schema_migrations_first(const Session *session);

/* Checks whether what the migrations that would run make can be given to the legacy tables' owner
 * (common/store/owner.h).  EXIT_CODE_REFUSED if not. */
bool schema_migrations_check_owner(Session *session, Error *error);

/* Runs all from the session's version to the last one; creates the table schema_migrations if
 * missing.  What they make belongs to the legacy tables' owner. */
bool schema_migrations_run(Session *session, Error *error);

#endif
