/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A replay, and the steps that the script requests.
 */
#ifndef SCRIPTS_SESSION_REPLAY_REPLAY_H
#define SCRIPTS_SESSION_REPLAY_REPLAY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "scripts/session/replay/dump_file.h"
#include "scripts/session/replay/identity.h"
#include "scripts/session/replay/options.h"
#include "scripts/session/replay/restore.h"
#include "scripts/session/replay/supervisor.h"

enum { URI_SIZE = 512 };

typedef struct Replay {
    const char *programs; /* the folder of kv-import and kv-migrate */
    pid_t script;
    ReplayOptions options;
    Identity identity;
    Supervisor supervisor;
    DumpFile dump;
    char restorer[PATH_MAX]; /* path of pg_restore */
    Address address;
    char passfile[FOLDER_SIZE + 16];
    char uri[URI_SIZE];
    const char *running; /* our program that the script runs; NULL: none */
    bool is_waiting;     /* for the user to interrupt it */
    bool has_ended;
    int exit_code; /* once it has ended */
} Replay;

/*
 * The steps.  Each sets *answer, the word that the script gets, or has_ended.
 *
 *   begin          makes the folder and examines the dump: "kv", "legacy", or with --no-migration
 *                  "unmigrated"
 *   start-server   "done"
 *   restore        restores a dump by pg_dump: "done"
 *   show           prints how to connect; what to run next: "psql", "psql-on-terminal", "command"
 *                  or "wait"
 *   wait           waits to be interrupted; never answered
 */
bool replay_begin(Replay *replay, const char **answer, Error *error);
bool replay_start_server(Replay *replay, const char **answer, Error *error);
bool replay_restore(Replay *replay, const char **answer, Error *error);
bool replay_show(Replay *replay, const char **answer, Error *error);
bool replay_wait(Replay *replay, const char **answer, Error *error);

/* Handles the exit code of a program that the script has run: "done", or the end. */
bool replay_ran(Replay *replay, int code, const char **answer, Error *error);

/* Stops and removes everything. */
void replay_free(Replay *replay);

/* The command for the script to run: "load", "migrate", "psql" or "command"; false for another
 * name.  Settings of its environment are NAME=VALUE to set, NAME to unset. */
bool replay_command(Replay *replay, const char *name, Words *words, Error *error);
bool replay_environment(const Replay *replay, const char *name, Words *words, Error *error);

/* Prints how to connect. */
void replay_print_settings(const Replay *replay);

/* Warns if the dump is redacted or incomplete. */
bool replay_tell_contents(const Replay *replay, Error *error);

#endif
