/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `status` of a KV store in DynamoDB that no legacy database is beside, as years after a
 * migration: PostgreSQL is not asked.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_STATUS_STORE_H
#define SCRIPTS_SESSION_MIGRATE_STATUS_STORE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "scripts/session/migrate/status.h"

/* Whether options and settings name a store in DynamoDB, and neither they nor PG* variables a
 * database. */
bool status_store_is_alone(const MigrateOptions *options);

/* Finds out all that `status` prints of it.  What cannot be seen is an error. */
bool status_store_look(Status *status, MigrateOptions *options, Error *error);

#endif
