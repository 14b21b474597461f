/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of kv-migrate that run without the script's help.  Each opens the session; main
 * closes it.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_COMMANDS_H
#define SCRIPTS_SESSION_MIGRATE_COMMANDS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* status: where the database stands, and what to do next.  Writes nothing and waits for no lock, so
 * a read-only role can run it, also on a standby and during a migration. */
bool status_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

/* verify: compares the KV store with the legacy tables that were kept, locked against writers.
 * EXIT_CODE_FAILED without a message (see verify_reported) if they differ. */
bool verify_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

/* revert: back to the legacy tables that were kept.  Refused where a newer lakeFS has written into
 * the KV store since, unless those writes may be lost. */
bool revert_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

/* basic-auth: adds the entries of the one user of lakeFS's basic authentication to a stamped store,
 * in PostgreSQL or, without a database, in DynamoDB.  EXIT_CODE_REFUSED where there is one. */
bool basic_auth_command(Session *session, MigrateOptions *options, const char *programs,
                        Error *error);

/* For up on a migrated database: does the same for --basic-auth-user, if given, unless the store
 * has just these entries; without `may_write` says only what it would do. */
bool basic_auth_complete(Session *session, bool may_write, Error *error);

/* config: prints the corrected file on standard output, and what was wrong as messages.
 * EXIT_CODE_REFUSED, after that, if something is left for a person.  Needs no session. */
bool config_command(const MigrateOptions *options, Error *error);

/* up --dry-run: what up would do, and everything that would stop it, found without changing
 * anything.  What up ends at right away, such as a dirty schema, is an error here, too; problems
 * are messages, and *code is that of what comes first on up's way. */
bool dry_run_command(Session *session, MigrateOptions *options, const char *programs,
                     ExitCode *code, Error *error);

#endif
