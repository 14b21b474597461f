/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the KV store still is what was loaded, and not an emptied one.  A lakeFS has worked with
 * it since, so nothing is compared entry by entry: only what can never go away by ordinary work has
 * to be there.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LOADED_STORE_H
#define SCRIPTS_SESSION_MIGRATE_LOADED_STORE_H

#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

/* Refuses, with EXIT_CODE_REFUSED, if the store is missing something that it was loaded with.  Of a
 * store in DynamoDB it only looks whether the table is there and stamped, since reading it costs
 * money.  `hint` is the advice then. */
bool loaded_store_check(Session *session, const Note *note, const char *hint, Error *error);

#endif
