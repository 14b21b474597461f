/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration of lakeFS 0.70 for a later lakeFS: what that would refuse or silently take
 * otherwise, and the same file without it.
 *
 * Source: LAKEFS-CONFIG.md, "What later versions refuse".
 */
#ifndef COMMON_CONFIG_UPGRADE_H
#define COMMON_CONFIG_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/words.h"

typedef struct ConfigUpgrade {
    Words corrected; /* what was wrong, and what was made of it, without any value of the file */
    Words open;      /* what a person must do */
    Buffer text;     /* the corrected file, with what is secret in it */
} ConfigUpgrade;

/* Reads a version such as 1.33.0, v0.80 or latest; false if it is none. */
bool config_upgrade_version(const char *text, int64_t *version);

/* The first version that keeps its metadata in a KV store; below, there is nothing to upgrade. */
#define CONFIG_UPGRADE_FIRST "0.80.0"

/*
 * Goes through a file and lakeFS's variables in the environment.  `name` is the file's, for errors.
 * EXIT_CODE_USAGE if it is no YAML.  End with config_upgrade_free, also after a failure.
 */
bool config_upgrade(const char *name, Slice text, int64_t version, ConfigUpgrade *upgrade,
                    Error *error);
/* The same for a stream, and for the file of this path. */
bool config_upgrade_stream(const char *name, FILE *file, int64_t version, ConfigUpgrade *upgrade,
                           Error *error);
bool config_upgrade_file(const char *path, int64_t version, ConfigUpgrade *upgrade, Error *error);
void config_upgrade_free(ConfigUpgrade *upgrade);

#endif
