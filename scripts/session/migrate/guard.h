/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When kv-migrate makes the legacy tables refuse writes (common/store/write_guard.h).
 *
 * up makes the triggers right after it holds writers off, in the same transaction, so that what
 * would keep it from doing so is found before anything is stamped, and commits them after the
 * stamp.  A writer that has waited meets them; before the stamp, whatever fails, they vanish with
 * the transaction.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_GUARD_H
#define SCRIPTS_SESSION_MIGRATE_GUARD_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Makes the triggers, for the transaction's end.  Where they cannot be made: an error if they are
 * `required`; otherwise session->guarded stays false. */
bool guard_make(Session *session, bool required, Error *error);

/* Commits the transaction with what guard_make has made. */
bool guard_commit(Session *session, Error *error);

/* After a failure behind the stamp: undoes what has failed, and commits the triggers.  That they
 * are lost with the connection is no further failure: status tells. */
void guard_commit_alone(Session *session);

/* The tables of a database that was migrated earlier: makes the triggers that are missing, and
 * commits; warns where that is not possible. */
bool guard_migrated(Session *session, Error *error);

#endif
