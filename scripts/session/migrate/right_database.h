/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the schema is lakeFS's: a wrong name of a database or schema must not become a new, empty
 * lakeFS.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_RIGHT_DATABASE_H
#define SCRIPTS_SESSION_MIGRATE_RIGHT_DATABASE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* For up, before it does anything: EXIT_CODE_REFUSED for a schema without lakeFS's tables and
 * without a KV store, unless --new-database makes it one; and for tables without a schema version.
 * The session has its version.  Keeps no lock. */
bool right_database_check(Session *session, Error *error);

#endif
