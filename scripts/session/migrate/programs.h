/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of kv-export and kv-import for a session: words and environment, ready to run.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_PROGRAMS_H
#define SCRIPTS_SESSION_MIGRATE_PROGRAMS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

typedef struct Program {
    Words command;
    Words environment; /* NAME=VALUE to set, NAME to unset */
} Program;

/* kv-export of the session's legacy tables. */
bool program_export(const Session *session, Program *program, Error *error);

/* The same for a pipe: without compression, unless a level was given, without a SHA-256, as the
 * dump is not kept (its checksums remain), and without progress, which would mix with kv-import's.
 */
bool program_export_to_pipe(const Session *session, Program *program, Error *error);

/* Adds the options that name the session's database and schema.  The password goes into the
 * environment, where other users cannot see it. */
bool program_add_connection(const Session *session, Words *command, Error *error);

/* kv-import under the session's lock, into the chosen store. */
bool program_import(const Session *session, Program *program, Error *error);

/* kv-import without the options that name the database or the store. */
bool program_import_bare(const Session *session, Program *program, Error *error);

/* Adds the options of kv-import that lead to the DynamoDB table that a note tells of, unless
 * options of DynamoDB lead elsewhere: to its endpoint by another way, for example. */
bool program_add_noted_dynamodb(const Session *session, const Note *note, Words *command,
                                Error *error);

void program_free(Program *program);

/* Maps a child's exit code: a child that was killed by a signal has failed. */
ExitCode program_failure_code(int status);

#endif
