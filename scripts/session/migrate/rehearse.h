/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rehearse: migrates a copy of the legacy tables on a throw-away server, and reports.
 *
 * This is the half that knows the database: it looks at it, by reading only, and makes the commands
 * that the script runs: pg_dump, and kv-replay, which has the server and runs the other half on it
 * (rehearsal.h).
 */
#ifndef SCRIPTS_SESSION_MIGRATE_REHEARSE_H
#define SCRIPTS_SESSION_MIGRATE_REHEARSE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/session.h"

typedef struct Rehearse {
    Session *session;
    const char *self; /* the path of this program */
    const char *data; /* the folder of the schema migrations' folder */
    Program dump;     /* without a command: none, there is one already */
    json_t *source;   /* what is known of where the tables come from */
} Rehearse;

/* Looks at the database, unless there is a dump. */
bool rehearse_begin(Rehearse *rehearse, MigrateOptions *options, const char *programs,
                    Error *error);

/* The commands for the script: the dump, and the rehearsal, which reads the dump. */
bool rehearse_dump_command(const Rehearse *rehearse, Program *program, Error *error);
bool rehearse_replay_command(const Rehearse *rehearse, Program *program, Error *error);

/* Judges their exit codes.  *code is that of the rehearsal, which has said why. */
bool rehearse_ended(int dump_status, int status, ExitCode *code, Error *error);

void rehearse_free(Rehearse *rehearse);

#endif
