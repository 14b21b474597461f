/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's configuration file, as far as it is YAML: which keys matter is known to who asks.  A key
 * means what it means to lakeFS (LAKEFS-CONFIG.md): aliases and merge keys are followed, keys have
 * no case and may be written dotted, and null in every spelling is "not set".
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LAKEFS_CONFIG_H
#define SCRIPTS_SESSION_MIGRATE_LAKEFS_CONFIG_H

#include <stdbool.h>

#include "common/base/error.h"

typedef struct LakefsConfig LakefsConfig;

/*
 * Reads the whole file; `path` must stay as long as the configuration.  EXIT_CODE_USAGE for a file
 * that cannot be read, or whose first document is no YAML or no mapping, with the line.  Free with
 * lakefs_config_close().
 */
bool lakefs_config_open(const char *path, LakefsConfig **config, Error *error);

/*
 * Sets text to the value at `key`, a path of keys in small letters joined by dots; NULL where it is
 * not set or null.  It lives as long as the configuration.  EXIT_CODE_USAGE, with the line, where a
 * mapping or a list is in the place of a text, a text in the place of a mapping, or a key occurs
 * twice.
 */
bool lakefs_config_text(LakefsConfig *config, const char *key, const char **text, Error *error);

/* The same for a switch: YAML's words for true and false, yes or off for example, come as "true"
 * and "false"; everything else as it is. */
bool lakefs_config_switch(LakefsConfig *config, const char *key, const char **text, Error *error);

void lakefs_config_close(LakefsConfig *config);

#endif
