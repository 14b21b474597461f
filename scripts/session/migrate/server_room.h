/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room for the table kv on the server's disk.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SERVER_ROOM_H
#define SCRIPTS_SESSION_MIGRATE_SERVER_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/*
 * Finds the bytes free where a new table's files go.  *known is false where the server does not say
 * where that is (it tells superusers and pg_read_all_settings), or may run on another machine or in
 * a container: SQL has no other way to find them.
 */
bool server_room_find(Session *session, bool *known, uint64_t *bytes, Error *error);

#endif
