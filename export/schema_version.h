/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last schema version before the KV store, which is the number of the last schema migration.
 */
#ifndef EXPORT_SCHEMA_VERSION_H
#define EXPORT_SCHEMA_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

/*
 * The greatest number of a migration in `folder`, whose files have golang-migrate's names:
 * NUMBER_title.up.sql.  NULL: the number that this program was built with.
 */
bool schema_version_last(const char *folder, int64_t *version, Error *error);

#endif
