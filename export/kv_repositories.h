/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --source=kv --repository: reads only what belongs to some repositories, without reading the rest
 * of the store.
 */
#ifndef EXPORT_KV_REPOSITORIES_H
#define EXPORT_KV_REPOSITORIES_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/store/store.h"
#include "export/options.h"

/* Repositories that were found in a store. */
typedef struct KvRepositories KvRepositories;

/* Finds the repositories that the options name, and their staging tokens.  EXIT_CODE_USAGE for one
 * that does not exist; EXIT_CODE_REFUSED for one whose branches lead to what is not its own.  Free
 * takes NULL, also after a failure. */
bool kv_repositories_find(const ExportOptions *options, const StoreDriver *driver, Store *store,
                          KvRepositories **repositories, Error *error);
void kv_repositories_free(KvRepositories *repositories);

/* Like StoreDriver.read, with one worker and one part: visits the entries of the repositories, and
 * with --multiparts the uploads in progress. */
bool kv_repositories_read(const KvRepositories *repositories, const EntryVisitor *visitor,
                          void *state, Error *error);

#endif
