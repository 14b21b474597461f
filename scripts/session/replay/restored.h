/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds lakeFS's tables in a restored dump.
 */
#ifndef SCRIPTS_SESSION_REPLAY_RESTORED_H
#define SCRIPTS_SESSION_REPLAY_RESTORED_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "scripts/session/replay/restore.h"

/* Connects as the superuser to the database `name`, which may contain any characters. */
bool restored_connect(const Address *address, const char *name, PgConnection **connection,
                      Error *error);

/* Makes sure that lakeFS and kv-migrate find the tables: in the database REPLAY_DATABASE, in a
 * schema of its search_path.  EXIT_CODE_REFUSED if there are no such tables, or several sets of
 * them. */
bool restored_find(const Restore *restore, Error *error);

#endif
