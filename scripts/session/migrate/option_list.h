/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of kv-migrate, and what each one sets.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_OPTION_LIST_H
#define SCRIPTS_SESSION_MIGRATE_OPTION_LIST_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/options.h"

/* Parses the command line into empty options.  False with EXIT_CODE_USAGE. */
bool option_list_parse(MigrateOptions *options, int count, char **arguments, Error *error);

#endif
