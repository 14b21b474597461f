/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a KV store in DynamoDB: where options and settings, else the note of the migration,
 * say that it is.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_NOTED_TABLE_H
#define SCRIPTS_SESSION_MIGRATE_NOTED_TABLE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/store/dynamodb/client.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/options.h"

/* Opens a client for it, with lakeFS's own credentials if its settings have some, which go into
 * this program's environment.  *table, options and note must outlive the client.  Unless *client is
 * NULL, close it, even after a failure.  Sends nothing yet. */
bool noted_table_open(const MigrateOptions *options, const Note *note, DynamoOptions *table,
                      DynamoClient **client, Error *error);

#endif
