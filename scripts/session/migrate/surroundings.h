/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server around a migration: who else is connected, and how many connections and locks there
 * are.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_SURROUNDINGS_H
#define SCRIPTS_SESSION_MIGRATE_SURROUNDINGS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Describes the sessions in this database that are not of our programs; "" for none; malloced. */
bool surroundings_sessions(Session *session, char **sessions, Error *error);

/*
 * Counts the connections that the server, the database and the role have left, and the locks that
 * the server has room for.
 *
 * *fits: there are enough connections for --jobs=1; else the problem says which limit is in the
 * way.  Where there are too few for the jobs that were asked for, sets options->jobs to as many as
 * fit and fills `fewer` (fewer->code is EXIT_CODE_DONE; an empty message: as many as asked for).
 * `locks` is filled likewise where the locks may not suffice.
 */
bool surroundings_capacity(Session *session, bool *fits, Error *problem, Error *fewer, Error *locks,
                           Error *error);

#endif
