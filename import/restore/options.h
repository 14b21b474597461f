/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of kv-import that restore a part of a dump.
 */
#ifndef IMPORT_RESTORE_OPTIONS_H
#define IMPORT_RESTORE_OPTIONS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/cli/option_table.h"
#include "import/options.h"

extern const Option RESTORE_OPTIONS[];

/* Makes a load that names a repository or a package a restore. */
void restore_options_choose(ImportOptions *options);

/* Refuses options that would have no effect.  EXIT_CODE_USAGE. */
bool restore_options_check(const ImportOptions *options, Error *error);

#endif
