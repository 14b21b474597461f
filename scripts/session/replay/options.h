/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of kv-replay.
 */
#ifndef SCRIPTS_SESSION_REPLAY_OPTIONS_H
#define SCRIPTS_SESSION_REPLAY_OPTIONS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "common/cli/progress.h"
#include "common/config/settings.h"

/* What to do with the loaded dump. */
typedef enum ReplayUse { USE_WAIT, USE_PSQL, USE_COMMAND } ReplayUse;

typedef struct ReplayOptions {
    const char *bindir; /* NULL: search for it */
    const char *blockstore_path;
    const char *block_storage_prefix;
    const char *config;    /* --config; NULL: none */
    LakefsSettings lakefs; /* from it and from the environment */
    const char *keep_dump;
    bool no_migration;
    const char *dump;
    ReplayUse use;
    char **command; /* USE_COMMAND: NULL-terminated */
    bool psql;
    int jobs;  /* 0: the default */
    bool wait; /* even when not on a terminal */
    ProgressMode progress;
    Words shared; /* options for kv-import and kv-migrate; owned */
    bool help;
    bool version;
    bool list_options;
} ReplayOptions;

/* Parses the command line, without arguments[0].  False with EXIT_CODE_USAGE, also for options that
 * cannot work together. */
bool replay_options_parse(ReplayOptions *options, int count, char **arguments, Error *error);

void replay_options_help(void);
void replay_options_list(void);
void replay_options_free(ReplayOptions *options);

#endif
