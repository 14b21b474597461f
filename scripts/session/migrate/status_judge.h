/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that a database is in, by what status.c has seen of it; see kv-migrate(1), "States of a
 * database".
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STATUS_JUDGE_H
#define SCRIPTS_SESSION_MIGRATE_STATUS_JUDGE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/status.h"

/* Whether there are neither legacy tables nor a store. */
bool status_is_absent(const Status *status);

/* Sets the state and the next steps. */
bool status_judge(Status *status, Error *error);

#endif
