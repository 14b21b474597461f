/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where lakeFS's tables have come to, once a dump is restored.
 */
#ifndef SCRIPTS_SESSION_REPLAY_RESTORED_H
#define SCRIPTS_SESSION_REPLAY_RESTORED_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "scripts/session/replay/restore.h"

/* Connects as the superuser to a database of this name, whatever the name is. */
bool restored_connect(const Address *address, const char *name, PgConnection **connection,
                      Error *error);

/* Sees to it that they are where lakeFS and kv-migrate look: in the database REPLAY_DATABASE, in a
 * schema of its search_path.  EXIT_CODE_REFUSED where there are none, or too many. */
bool restored_find(const Restore *restore, Error *error);

#endif
