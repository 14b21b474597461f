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
#include "common/pg/options.h"

typedef enum MigrateCommand {
    COMMAND_NONE,
    COMMAND_UP,
    COMMAND_STATUS,
    COMMAND_VERIFY,
    COMMAND_CLEANUP
} MigrateCommand;

/* A switch that an option, the environment or the configuration may set. */
typedef enum Switch { SWITCH_UNSET, SWITCH_OFF, SWITCH_ON } Switch;

/* lakeFS's settings.  NULL or "": nobody has set it.  Texts are those of arguments and environment,
 * or of `owned`. */
typedef struct LakefsSettings {
    const char *connection_string;        /* database.connection_string, the older name */
    const char *newer_connection_string;  /* database.postgres.connection_string */
    const char *config_connection_string; /* of the configuration, whichever name it has */
    const char *database_type;
    const char *blockstore_type;
    const char *blockstore_path;
    const char *block_storage_prefix;
    const char *s3_endpoint;
    const char *s3_region;
    const char *s3_profile;
    const char *s3_credentials_file;
    const char *s3_access_key_id;
    const char *s3_secret_access_key;
    const char *s3_older_secret_access_key; /* by its older name, while settings are read */
    const char *s3_session_token;
    const char *dynamodb_table;
    const char *dynamodb_endpoint;
    const char *dynamodb_region;
    const char *dynamodb_access_key_id;
    const char *dynamodb_secret_access_key;
    const char *dynamodb_read_capacity;
    const char *dynamodb_write_capacity;
    Switch kv_enabled;
    Switch drop_tables;
    Switch s3_force_path_style;
    Words owned; /* texts of the configuration, and paths made of them */
} LakefsSettings;

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

void migrate_options_free(MigrateOptions *options);

#endif
