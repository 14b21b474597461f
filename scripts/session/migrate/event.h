/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event: the migration is done and stands, but the cleanup after it failed, and a person must
 * act.
 *
 * It travels as an Error with EXIT_CODE_CLEANUP, whose message and detail say what happened; main
 * reports it.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_EVENT_H
#define SCRIPTS_SESSION_MIGRATE_EVENT_H

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Turns what went wrong into an event: the error's words are its detail.  Always returns false. */
bool event_cleanup_failed(Error *error);

/* Tells people, the log, and the command of --on-event, with the SQL to be run by hand. */
void event_report(Session *session, const Error *event);

#endif
