/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrate up, a step at a time: the script asks for them in their order, and runs kv-export and
 * kv-import between.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_UP_H
#define SCRIPTS_SESSION_MIGRATE_UP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/session.h"
#include "scripts/session/migrate/summary.h"

typedef struct Up {
    Session *session;
    Clock clock;
    Note note;  /* of the load, once it is stamped */
    bool ended; /* there is nothing more to do */
} Up;

/* Each step's answer for the script. */
typedef enum UpAnswer { UP_GO, UP_BY_FILE, UP_BY_PIPE } UpAnswer;

/* Opens the session, takes the lock, and refuses what cannot be migrated. */
bool up_begin(Up *up, MigrateOptions *options, const char *programs, Error *error);

/* To the last schema version; without the KV switch that is the end. */
bool up_migrate_schema(Up *up, Error *error);

/* Finds the legacy tables, and holds writers off. */
bool up_lock_tables(Up *up, Error *error);

/* Whether the dump goes by a file or by a pipe. */
UpAnswer up_transfer(Up *up);

/* What came of a program, by its exit status; in a pipe of both. */
bool up_exported(Up *up, int status, Error *error);
bool up_imported(Up *up, int status, Error *error);
bool up_transferred(Up *up, int export_status, int import_status, Error *error);

/* Drops the legacy tables, unless they are kept. */
bool up_clean_up(Up *up, Error *error);

/* Tells what was done. */
bool up_finish(Up *up, Error *error);

void up_free(Up *up);

/* The commands for the script. */
bool up_export_command(const Up *up, Program *program, Error *error);
bool up_import_command(const Up *up, Program *program, Error *error);

/* Has kv-import look at the target as a load does.  *found is what it says is there, malloced; NULL
 * where a load would be refused, of which it has said why, with *status. */
bool up_check_target(Session *session, char **found, int *status, Error *error);

/* The migration has happened already, here or in an earlier run. */
bool up_already_migrated(Session *session, Error *error);

#endif
