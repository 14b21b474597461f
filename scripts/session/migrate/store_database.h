/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether lakeFS will look for its KV store where the migration puts it.
 *
 * lakeFS has two connection strings, that of the legacy database and that of the KV store; the
 * migration stays within one database (LAKEFS-CONFIG.md, "Keys").
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STORE_DATABASE_H
#define SCRIPTS_SESSION_MIGRATE_STORE_DATABASE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/*
 * Connects by the other connection string where lakeFS's settings have two, and compares the
 * servers, databases and schemas that they lead to.  EXIT_CODE_REFUSED where they differ;
 * EXIT_CODE_CONNECTION where the other one leads nowhere.  Nothing is compared where an option
 * names the database, or where the store is not PostgreSQL.  Within the session's transaction.
 */
bool store_database_check(Session *session, Error *error);

#endif
