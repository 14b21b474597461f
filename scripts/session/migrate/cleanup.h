/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drops the legacy tables, at the end of up or later, after checking that they may be dropped.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_CLEANUP_H
#define SCRIPTS_SESSION_MIGRATE_CLEANUP_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/session.h"

/* Drops the tables in session->legacy.found in the session's transaction, and commits.  A failure
 * is an event. */
bool cleanup_drop(Session *session, Error *error);

/* Refuses if there is no record that the KV store was loaded from this database; `hint` says what
 * to do. */
bool cleanup_check_origin(Session *session, const Note *note, const char *hint, Error *error);

/* The command cleanup. */
bool cleanup_command(Session *session, MigrateOptions *options, const char *programs, Error *error);

#endif
