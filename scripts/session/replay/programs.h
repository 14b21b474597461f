/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where other programs are.
 */
#ifndef SCRIPTS_SESSION_REPLAY_PROGRAMS_H
#define SCRIPTS_SESSION_REPLAY_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

#include "common/base/error.h"

/* Finds the folder of PostgreSQL's initdb and postgres: `wanted`, or, where that is NULL, the first
 * that has them of that which pg_config names, the newest of /usr/lib/postgresql, and that of
 * initdb in PATH. */
bool programs_find_server(const char *wanted, char bindir[PATH_MAX], Error *error);

/* Checks that a program is in PATH; `package` is what to install otherwise. */
bool programs_require(const char *name, const char *package, Error *error);

#endif
