/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/change.h"

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
