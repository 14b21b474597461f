/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of a store that refer to a repository.
 */
#ifndef IMPORT_RESTORE_POLICIES_H
#define IMPORT_RESTORE_POLICIES_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/error.h"
#include "common/kv/repository.h"
#include "common/store/ranges.h"

/* Makes an array of {"policy": name, "resource": pattern}, one for each statement; the caller owns
 * it.  Values that are no policies are passed over. */
bool restore_policies_find(const StoreRanges *ranges, const KvRepository *repository,
                           json_t **policies, Error *error);

#endif
