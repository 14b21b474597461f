/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in DynamoDB as it is now, for `status`: its version, and its users.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STATUS_DYNAMODB_H
#define SCRIPTS_SESSION_MIGRATE_STATUS_DYNAMODB_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/accounts.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/stamp.h"

/* Looks at the table that options, settings or the note name, for some seconds.  Sets the store's
 * state and version, and the accounts; in *seen whether it could.  Why not is then a message.
 * False only if the session cannot continue. */
bool status_dynamodb_look(const MigrateOptions *options, const Note *note, KvStore *store,
                          Accounts *accounts, bool *seen, Error *error);

/* The same without a note, for a store that no legacy database is beside: what it cannot see is an
 * error.  Sets the store's place, too. */
bool status_dynamodb_read(const MigrateOptions *options, KvStore *store, Accounts *accounts,
                          char place[NOTE_PLACE_SIZE], Error *error);

#endif
