/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a correction of a configuration did, and what it leaves to a person, in words and without
 * any value.
 */
#ifndef COMMON_CONFIG_UPGRADE_REPORT_H
#define COMMON_CONFIG_UPGRADE_REPORT_H

#include <stdint.h>

#include "common/base/error.h"
#include "common/config/upgrade.h"
#include "common/config/upgrade_rules.h"
#include "common/config/yaml_text.h"

/* The default of blockstore.local.path before lakeFS 0.81.0. */
#define OLD_BLOCKSTORE_PATH "~/data/lakefs/block"

/* All borrowed. */
typedef struct UpgradeResult {
    YamlText *found; /* the file, and what is wrong with it */
    const Problems *problems;
    YamlText *corrected; /* the same, corrected, and what is left */
    const Problems *left;
    int64_t version;
} UpgradeResult;

/* Fills upgrade->corrected and upgrade->open; looks at lakeFS's variables, too. */
bool upgrade_report(ConfigUpgrade *upgrade, const UpgradeResult *result, Error *error);

#endif
