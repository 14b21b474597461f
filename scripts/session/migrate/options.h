/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kv-migrate was asked to do, from its arguments, lakeFS's environment variables and lakeFS's
 * configuration, in this order of precedence.  All three are read once, here.
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
    COMMAND_CLEANUP,
    COMMAND_REVERT,
    COMMAND_BASIC_AUTH,
    COMMAND_CONFIG,
    COMMAND_REHEARSE
} MigrateCommand;

typedef struct MigrateOptions {
    CommonOptions common; /* must be first: the shared option groups fill it */
    MigrateCommand command;
    bool dry_run;
    bool no_trial; /* --no-trial: a dry run that only reads */
    bool lose_writes;
    bool new_database;
    bool json; /* --format json */
    const char *dump;
    const char *on_event;
    const char *config; /* --config, or the file that was found; NULL: none */
    const char *migrations;
    const char *file;            /* the operand of config */
    const char *for_version;     /* --for */
    const char *from;            /* --from: the dump of a rehearsal; NULL: the database */
    bool force;                  /* --force */
    const char *report;          /* --report: a rehearsal's page; NULL: none */
    const char *bindir;          /* --bindir: of the rehearsal's server; NULL: search for it */
    const char *basic_auth_user; /* --basic-auth-user, or the operand of basic-auth */
    char *config_found;          /* owned */
    const char *target;          /* --target, or the store that was settled on */
    const char *dynamodb_option; /* the first option given that is for DynamoDB only */
    const char *up_option;       /* the first option given that only up and rehearse take */
    const char *kv_option;       /* the first option given that is for the KV migration only */
    LakefsSettings lakefs;
    int jobs;              /* 0: not given */
    int compression_level; /* COMPRESSION_UNSET: not given */
    Words export_options;  /* passed to kv-export only */
    Words import_options;  /* passed to kv-import only */
    Words arguments;       /* of this program, without secrets */
    Words migration;       /* those that a rehearsal passes to its up */
    Words place;           /* those of `arguments` that name the database and the store */

    char *connection; /* connection string without secrets; "": none.  Owned, like password */
    char *password;   /* from a connection string or the terminal; NULL: none */
    bool has_basic_auth_option; /* as an option, not as the command's argument */
    bool has_secret_argument;   /* the arguments hold a password, visible to other users */
} MigrateOptions;

/*
 * Reads arguments, environment and configuration.  Unsets the variables that hold secrets, so that
 * only programs that need them get them.  False with EXIT_CODE_USAGE, or EXIT_CODE_REFUSED for a
 * configuration with an unsupported KV store.  Stops early if only help, the version or the options
 * are requested.  End with migrate_options_free, also after a failure.
 */
bool migrate_options_read(MigrateOptions *options, int count, char **arguments, Error *error);

/* Prints --help, --list-options. */
void migrate_options_help(void);
void migrate_options_list(void);

enum { COMPRESSION_UNSET = INT_MIN };

/* Whether to migrate to the KV store; whether to drop the legacy tables. */
bool migrate_options_kv_enabled(const MigrateOptions *options);
bool migrate_options_drop_tables(const MigrateOptions *options);

bool migrate_options_in_dynamodb(const MigrateOptions *options);

/* The variable with the password of a connection string, for a script that begins anew. */
#define PASSWORD_VARIABLE "KV_MIGRATE_PASSWORD"

void migrate_options_free(MigrateOptions *options);

#endif
