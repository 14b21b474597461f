/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's settings from its environment variables and its configuration file.  Options take
 * precedence over variables, and variables over the file.
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
    const char *connection_string;       /* database.connection_string: the legacy database */
    bool connection_string_is_variable;  /* it is in the environment alone */
    const char *newer_connection_string; /* database.postgres.connection_string: the KV store */
    const char *database_type;
    const char *blockstore_type;
    const char *blockstore_path;
    bool blockstore_path_is_default; /* nobody has set it, and the block store is local */
    const char *block_storage_prefix;
    const char *auth_rbac; /* auth.ui_config.rbac */
    const char *auth_api_endpoint;
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
    bool keep_variables; /* to be set before: variables with secrets stay in the environment */
    Words owned;         /* texts of the configuration, and paths made of them */
} LakefsSettings;

/*
 * Takes in what options have left open: from the environment, then from the file `path`; NULL: from
 * none, or, if `search`, from the first one that exists where lakeFS looks for it.  Variables with
 * secrets are unset, unless they are to be kept.  Of a file that was searched for, connection
 * strings do not count when PG* variables name a database.  *found (may be NULL if not `search`) is
 * the file that was read, owned by the caller; NULL: none.  EXIT_CODE_USAGE for a file that cannot
 * be read or understood, and for a path in the home folder when HOME is not set.
 */
bool lakefs_settings_read(LakefsSettings *settings, const char *path, bool search, char **found,
                          Error *error);

/* The connection string of the legacy database, and that of a KV store in PostgreSQL; NULL: none.
 * lakeFS takes each of the two settings for the other one when that is missing. */
const char *lakefs_settings_legacy_database(const LakefsSettings *settings);
const char *lakefs_settings_kv_database(const LakefsSettings *settings);

/* Adds the names of the variables that hold secrets: no program is to inherit them. */
bool lakefs_settings_secret_variables(Words *names, Error *error);

/* Wipes and frees. */
void lakefs_settings_free(LakefsSettings *settings);

/* Whether PG* variables name a database, or its server. */
bool lakefs_settings_variables_name_database(void);

#endif
