/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which KV versions of a dump and of a store in use go together.
 */
#ifndef IMPORT_RESTORE_VERSION_H
#define IMPORT_RESTORE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

/*
 * A repository of an older version may be restored into a newer store: versions 2, 3 and 4 have
 * changed policies and nothing of repositories, whose messages have only got further fields.  Not
 * the other way round: an older lakeFS would drop these fields where it writes such an entry.
 * EXIT_CODE_REFUSED.  Source: common/kv/KV-MODEL.md, "The version".
 */
bool restore_version_check_repository(uint64_t dump, uint64_t store, Error *error);

/* A package must be of the store's version if it is auth, which these versions have changed; else
 * the same goes as for a repository. */
bool restore_version_check_package(const char *package, uint64_t dump, uint64_t store,
                                   Error *error);

#endif
