/*
 * lakeFS's configuration file, as far as it is YAML: which keys matter is known to who asks.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LAKEFS_CONFIG_H
#define SCRIPTS_SESSION_MIGRATE_LAKEFS_CONFIG_H

#include <stdbool.h>

#include "common/base/error.h"

/* Takes a setting in; false ends the reading. */
typedef bool LakefsSettingFunction(void *state, const char *key, const char *value, Error *error);

/*
 * Reads the file and hands each scalar to `found`, in the file's order: its key as the path of keys
 * joined by dots, in small letters (lakeFS's keys have no case), and its text.  Members of lists
 * are passed over.  EXIT_CODE_USAGE for a file that cannot be read or is no YAML, with the line.
 */
bool lakefs_config_read(const char *path, LakefsSettingFunction *found, void *state, Error *error);

#endif
