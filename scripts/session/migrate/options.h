/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kv-migrate was asked to do: its arguments first, then lakeFS's environment, then lakeFS's
 * configuration.  All three are read once, here.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_OPTIONS_H
#define SCRIPTS_SESSION_MIGRATE_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "common/base/words.h"
#include "common/config/settings.h"
#include "common/pg/options.h"

typedef enum MigrateCommand {
    COMMAND_NONE,
    COMMAND_UP,
    COMMAND_STATUS,
    COMMAND_VERIFY,
    COMMAND_CLEANUP
} MigrateCommand;

typedef struct MigrateOptions {
    CommonOptions common; /* first: the shared groups of options fill it */
    MigrateCommand command;
    bool dry_run;
    bool json; /* --format json */
    const char *dump;
    const char *on_event;
    const char *config; /* --config; then the file that was found; NULL: none */
    const char *migrations;
    char *config_found;          /* owned */
    const char *target;          /* --target; then the store that counts */
    const char *dynamodb_option; /* the first option that was given and is of DynamoDB only */
    LakefsSettings lakefs;
    int jobs;              /* 0: not said */
    int compression_level; /* COMPRESSION_UNSET: not said */
    Words export_options;  /* for kv-export alone, as it takes them */
    Words import_options;  /* for kv-import alone */
    Words arguments;       /* of this program, without secrets */
    Words place;           /* those of them that say where the database is */

    char *connection; /* the connection string without secrets; "": none.  Owned, as the next */
    char *password;   /* from a connection string or the terminal; NULL: none */
    bool has_secret_argument; /* the arguments hold a password, which everybody can see */
} MigrateOptions;

/*
 * Reads arguments, environment and configuration.  What is secret is taken out of the environment,
 * so that no program gets it that has no use for it.  False with EXIT_CODE_USAGE, or with
 * EXIT_CODE_REFUSED for a configuration of a store that nobody can migrate to.  Not all is read
 * where only help, the version or the options are asked for.  End with migrate_options_free, also
 * after a failure.
 */
bool migrate_options_read(MigrateOptions *options, int count, char **arguments, Error *error);

/* Prints --help, --list-options. */
void migrate_options_help(void);
void migrate_options_list(void);

enum { COMPRESSION_UNSET = INT_MIN };

/* Whether the KV migration is wanted; whether the legacy tables are to be dropped. */
bool migrate_options_kv_enabled(const MigrateOptions *options);
bool migrate_options_drop_tables(const MigrateOptions *options);

bool migrate_options_in_dynamodb(const MigrateOptions *options);

/* The variable with the password of a connection string, for a script that begins anew. */
#define PASSWORD_VARIABLE "KV_MIGRATE_PASSWORD"

void migrate_options_free(MigrateOptions *options);

#endif
