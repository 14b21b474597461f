/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of kv-export and kv-import for a session: their words and their environment, ready
 * to be run.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_PROGRAMS_H
#define SCRIPTS_SESSION_MIGRATE_PROGRAMS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "scripts/session/migrate/session.h"

typedef struct Program {
    Words command;
    Words environment; /* NAME=VALUE to set, NAME to unset */
} Program;

/* kv-export of the session's legacy tables. */
bool program_export(const Session *session, Program *program, Error *error);

/* The same, to a pipe from which nobody keeps what goes through: it is neither compressed nor given
 * a SHA-256, unless a compression level was asked for; the checksums that prove it whole stay.  And
 * two displays of progress would get in each other's way, of which the reader's tells more. */
bool program_export_to_pipe(const Session *session, Program *program, Error *error);

/* Adds the options that lead to the session's database and schema.  The password is in the
 * environment, where other users cannot see it. */
bool program_add_connection(const Session *session, Words *command, Error *error);

/* kv-import under the session's lock, into the store that counts. */
bool program_import(const Session *session, Program *program, Error *error);

/* kv-import without any database or store: its options that name neither. */
bool program_import_bare(const Session *session, Program *program, Error *error);

void program_free(Program *program);

/* The exit code for a child's: one that was killed has failed, whatever its signal was. */
ExitCode program_failure_code(int status);

#endif
