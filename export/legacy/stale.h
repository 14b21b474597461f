/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether legacy tables are what is left of a migration by lakeFS itself, which leaves the schema
 * version as it was: then they are stale, and lakeFS works with the table kv.
 */
#ifndef EXPORT_LEGACY_STALE_H
#define EXPORT_LEGACY_STALE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* Warns if the schema has a stamped table kv.  Does so in a transaction of its own, as a load may
 * replace that table while the export runs, and says nothing if the table cannot be read at once.
 * False only if the connection is lost. */
bool stale_warn(PgConnection *connection, const PgSchema *schema, Error *error);

#endif
