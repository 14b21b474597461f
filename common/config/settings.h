/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's settings from its environment variables and its configuration file: an option beats a
 * variable, and a variable the file.
 *
 * Source: LAKEFS-CONFIG.md, "Where settings come from" and "Keys".
 */
#ifndef COMMON_CONFIG_SETTINGS_H
#define COMMON_CONFIG_SETTINGS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"

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

/* Takes in what options have left open; variables with secrets are unset. */
bool lakefs_settings_read_environment(LakefsSettings *settings, Error *error);

/* Adds the names of the variables that hold secrets: no program is to inherit them. */
bool lakefs_settings_secret_variables(Words *names, Error *error);

/* Likewise, from the file `path`. */
bool lakefs_settings_read_file(LakefsSettings *settings, const char *path, Error *error);

/* The first configuration file that exists where lakeFS looks for one, owned by the caller; NULL:
 * none does, or *lacked memory. */
char *lakefs_settings_find_file(bool *lacked);

/* Replaces a setting that begins with ~ by the path in the home folder. */
bool lakefs_settings_expand_home(LakefsSettings *settings, const char **setting, const char *name,
                                 Error *error);

/* Sets it to a path in the home folder; false with EXIT_CODE_USAGE, with the setting's name, where
 * HOME is not set. */
bool lakefs_settings_in_home(LakefsSettings *settings, const char **setting, const char *name,
                             const char *below, Error *error);

/* Wipes and frees. */
void lakefs_settings_free(LakefsSettings *settings);

/* Reads true or false as lakeFS does; `name` says what has the value. */
bool switch_parse(Switch *value, const char *name, const char *text, Error *error);

#endif
