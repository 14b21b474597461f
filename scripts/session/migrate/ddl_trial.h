/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries whether the database's event triggers let a migration create and drop tables.
 *
 * All programs work with an empty search_path, in which the function of an event trigger may not
 * find its own tables.  Whether it does only shows when it runs.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_DDL_TRIAL_H
#define SCRIPTS_SESSION_MIGRATE_DDL_TRIAL_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* If the database has enabled event triggers on DDL, runs the kinds of statements that a migration
 * runs, on objects of its own, in a transaction of another connection that is rolled back.
 * *passed: nothing failed; otherwise the problem names the trigger, its function and the remedy.
 * The role must have the right CREATE on the schema. */
bool ddl_trial(const Session *session, bool *passed, Error *problem, Error *error);

#endif
