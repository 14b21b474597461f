/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's configuration file as YAML; callers know which keys matter.  Keys mean what they mean to
 * lakeFS (LAKEFS-CONFIG.md): aliases and merge keys are followed, keys are case-insensitive and may
 * be dotted, and null in every spelling means "not set".
 */
#ifndef COMMON_CONFIG_CONFIG_FILE_H
#define COMMON_CONFIG_CONFIG_FILE_H

#include <stdbool.h>

#include "common/base/error.h"

typedef struct ConfigFile ConfigFile;

/*
 * Reads the whole file; `path` must stay as long as the configuration.  EXIT_CODE_USAGE for a file
 * that cannot be read, or whose first document is no YAML or no mapping, with the line.  Free with
 * config_file_close().
 */
bool config_file_open(const char *path, ConfigFile **config, Error *error);

/*
 * Sets text to the value at `key`, a path of keys in small letters joined by dots; NULL where it is
 * not set or null.  A plain number or boolean comes as lakeFS gets it, see yaml_scalar.h.  It lives
 * as long as the configuration.  EXIT_CODE_USAGE, with the line, where a mapping or a list is in
 * the place of a text, a text in the place of a mapping, or a key occurs twice.
 */
bool config_file_text(ConfigFile *config, const char *key, const char **text, Error *error);

/* The same for a switch: YAML's words for true and false, yes or off for example, come as "true"
 * and "false"; everything else as it is. */
bool config_file_switch(ConfigFile *config, const char *key, const char **text, Error *error);

void config_file_close(ConfigFile *config);

#endif
