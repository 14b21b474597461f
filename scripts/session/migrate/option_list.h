/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of kv-migrate, and how each is taken in.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_OPTION_LIST_H
#define SCRIPTS_SESSION_MIGRATE_OPTION_LIST_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/options.h"

/* Reads the command line into options that are empty.  False with EXIT_CODE_USAGE. */
bool option_list_parse(MigrateOptions *options, int count, char **arguments, Error *error);

#endif
