/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps the legacy tables from being dropped, because it depends on them: views, foreign keys,
 * functions.  Tables that inherit from them are not counted: see common/store/inherited.h.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_DEPENDENTS_H
#define SCRIPTS_SESSION_MIGRATE_DEPENDENTS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

/* Describes the objects, separated by commas; "" for none; malloced.  Needs the legacy tables
 * found. */
bool dependents_find(Session *session, char **objects, Error *error);

#endif
