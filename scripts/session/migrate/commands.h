/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of kv-migrate that this program carries out alone.  Each opens the session, which
 * main closes.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_COMMANDS_H
#define SCRIPTS_SESSION_MIGRATE_COMMANDS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* status: where the database stands, and what to do next.  Nothing is written and nobody is waited
 * for: a role that may only read can ask, on a standby too, and while a migration runs. */
bool status_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

/* verify: compares the KV store with the legacy tables that were kept, while nobody can write to
 * the latter.  EXIT_CODE_FAILED, silently (see verify_reported), where they differ. */
bool verify_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

/* up --dry-run: what up would do, and everything that would stop it, found without changing
 * anything.  What up ends at right away, such as a dirty schema, is an error here, too; problems
 * are messages, and *code is that of what comes first on up's way. */
bool dry_run_command(Session *session, MigrateOptions *options, const char *programs,
                     ExitCode *code, Error *error);

#endif
