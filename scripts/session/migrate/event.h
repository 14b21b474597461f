/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event: the migration stands, but the cleanup after it failed and needs a human.
 *
 * An event is an Error with EXIT_CODE_CLEANUP, whose message and detail say what happened, and
 * whose hint, if any, what to do before the SQL; main reports it.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_EVENT_H
#define SCRIPTS_SESSION_MIGRATE_EVENT_H

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Turns an error into an event, with the error's text as its detail.  Always returns false. */
bool event_cleanup_failed(Error *error);

/* Reports the event as a message and to the command of --on-event, with the SQL to run by hand. */
void event_report(Session *session, const Error *event);

#endif
