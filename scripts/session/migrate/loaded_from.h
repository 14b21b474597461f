/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the legacy tables are the very ones that the KV store was loaded from: of this cluster,
 * this database, and with these OIDs.  Names prove nothing: a table may have been created anew, and
 * a database be a copy.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_LOADED_FROM_H
#define SCRIPTS_SESSION_MIGRATE_LOADED_FROM_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

/* Compares the tables that session->legacy has found, which are locked, with the note.  It refuses,
 * with EXIT_CODE_REFUSED, if they are others, and if the note is not as kv-import writes it or an
 * older one has written it.  `hint` is the advice then. */
bool loaded_from_check(Session *session, const Note *note, const char *hint, Error *error);

#endif
