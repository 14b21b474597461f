/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository in a dump: the first reading finds it, its staging tokens, and verifies the dump to
 * its end, so that nothing is restored from one that is damaged.
 */
#ifndef IMPORT_RESTORE_SOURCE_H
#define IMPORT_RESTORE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/kv/repository.h"

/*
 * Reads the whole dump `file` with `jobs` workers and fills in the repository `id`.
 * EXIT_CODE_USAGE if the dump has no such repository; EXIT_CODE_REFUSED if it was being deleted, or
 * if its entries lead to what is another's.  End with kv_repository_free, also after a failure.
 */
bool restore_source_read(const char *file, const char *id, size_t jobs, KvRepository *repository,
                         Error *error);

#endif
