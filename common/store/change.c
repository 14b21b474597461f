/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/change.h"

#include <inttypes.h>
#include <string.h>

static const ChangeDriver *const DRIVERS[] = {&CHANGE_POSTGRES, &CHANGE_DYNAMODB};

const ChangeDriver *store_change_find(const char *name)
{
    for (size_t i = 0; i < sizeof DRIVERS / sizeof DRIVERS[0]; i++) {
        if (strcmp(DRIVERS[i]->name, name) == 0) {
            return DRIVERS[i];
        }
    }
    return NULL;
}

bool store_change_refuse_different(const MergeCounts *counts, const char *example, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "%" PRIu64 " %s of the dump %s in the store with another value", counts->different,
              counts->different == 1 ? "entry" : "entries", counts->different == 1 ? "is" : "are");
    error_detail(error, "For example, partition \"%.300s\".", example);
    return error_hint(error, "Nothing was changed. Keep the store's with --existing=skip, or "
                             "replace them with --existing=overwrite.");
}
