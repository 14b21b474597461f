/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds other programs.
 */
#ifndef SCRIPTS_SESSION_REPLAY_PROGRAMS_H
#define SCRIPTS_SESSION_REPLAY_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

#include "common/base/error.h"

/* Finds the folder of PostgreSQL's initdb and postgres: `wanted` or, if NULL, the first that has
 * them of pg_config's, the newest in /usr/lib/postgresql, and that of initdb in PATH. */
bool programs_find_server(const char *wanted, char bindir[PATH_MAX], Error *error);

/* Whether `name` is a program that can be run: a path, or in PATH. */
bool programs_has(const char *name);

/* Checks that a program is in PATH; `package` is what to install if not. */
bool programs_require(const char *name, const char *package, Error *error);

#endif
