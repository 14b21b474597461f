/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's settings from its environment variables and its configuration file: an option beats a
 * variable, and a variable the file.
 *
 * Source: LAKEFS-CONFIG.md, "Where settings come from" and "Keys".
 */
#ifndef SCRIPTS_SESSION_MIGRATE_ENVIRONMENT_H
#define SCRIPTS_SESSION_MIGRATE_ENVIRONMENT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/options.h"

/* The variable with the password of a connection string, for a script that begins anew. */
#define PASSWORD_VARIABLE "KV_MIGRATE_PASSWORD"

/* Takes in what options have left open; variables with secrets are unset.  *password gets the one
 * of PASSWORD_VARIABLE, owned by the caller; NULL: none. */
bool environment_read(LakefsSettings *settings, char **password, Error *error);

/* Adds the names of the variables that hold secrets: no program is to inherit them. */
bool environment_secret_names(Words *names, Error *error);

/* Likewise, from the file `path`. */
bool configuration_read(LakefsSettings *settings, const char *path, Error *error);

/* The first configuration file that exists where lakeFS looks for one, owned by the caller; NULL:
 * none does, or *lacked memory. */
char *configuration_find(bool *lacked);

/* Replaces a setting that begins with ~ by the path in the home folder. */
bool settings_expand_home(LakefsSettings *settings, const char **setting, const char *name,
                          Error *error);

/* Sets it to a path in the home folder; false with EXIT_CODE_USAGE, with the setting's name, where
 * HOME is not set. */
bool settings_in_home(LakefsSettings *settings, const char **setting, const char *name,
                      const char *below, Error *error);

/* Wipes and frees. */
void settings_free(LakefsSettings *settings);

/* Reads true or false as lakeFS does; `name` says what has the value. */
bool switch_parse(Switch *value, const char *name, const char *text, Error *error);

#endif
