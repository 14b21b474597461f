/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of up.  The script requests them in order, and runs kv-export and kv-import in between.
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
    Note note; /* the load's, once it is stamped */
    Accounts accounts;
    bool ended; /* nothing is left to do */
} Up;

/* A step's answer to the script. */
typedef enum UpAnswer { UP_GO, UP_BY_FILE, UP_BY_PIPE } UpAnswer;

/* Opens the session, takes the lock, and refuses what a dry run would find (checks.h). */
bool up_begin(Up *up, MigrateOptions *options, const char *programs, Error *error);

/* Runs the schema migrations; without --kv-enabled up ends here. */
bool up_migrate_schema(Up *up, Error *error);

/* Finds the legacy tables, holds writers off, and sees to it that writers who have waited are
 * refused after the stamp. */
bool up_lock_tables(Up *up, Error *error);

/* Whether the dump goes through a file or a pipe. */
UpAnswer up_transfer(Up *up);

/* Handle the exit status of one program or, for the pipe, of both. */
bool up_exported(Up *up, int status, Error *error);
bool up_imported(Up *up, int status, Error *error);
bool up_transferred(Up *up, int export_status, int import_status, Error *error);

/* Drops the legacy tables, or keeps them and lets them refuse writes. */
bool up_clean_up(Up *up, Error *error);

/* Prints the summary. */
bool up_finish(Up *up, Error *error);

void up_free(Up *up);

/* The commands for the script to run. */
bool up_export_command(const Up *up, Program *program, Error *error);
bool up_import_command(const Up *up, Program *program, Error *error);

/* Lets kv-import check the target as a load does.  *found describes what is there, malloced; NULL
 * if a load would be refused: kv-import has reported why and exited with *status. */
bool up_check_target(Session *session, char **found, int *status, Error *error);

/* Refuses a database that cannot be migrated.  *ended: it has been migrated already, by an earlier
 * run or by lakeFS itself, and there is nothing to do.  In a transaction that may write, tables
 * that an earlier run has left are made to refuse writes. */
bool up_check_database(Session *session, bool may_write, bool *ended, Error *error);

#endif
