/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/target.h"

#include <string.h>

static const TargetDriver *const TARGETS[] = {&TARGET_POSTGRES, &TARGET_DYNAMODB};

const TargetDriver *target_find(const char *name)
{
    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        if (strcmp(TARGETS[i]->name, name) == 0) {
            return TARGETS[i];
        }
    }
    return NULL;
}
