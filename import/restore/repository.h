/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-import --repository: restores a repository from a dump into a KV store in use, under its own
 * name or another one.
 */
#ifndef IMPORT_RESTORE_REPOSITORY_H
#define IMPORT_RESTORE_REPOSITORY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* In PostgreSQL all is done in one transaction.  In DynamoDB the repository's entry is written
 * last, so that until then a running lakeFS sees what was there before; a failure may leave entries
 * behind that nothing refers to. */
bool restore_repository(ImportOptions *options, Error *error);

#endif
