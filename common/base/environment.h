/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Environment variables.  An empty variable counts as unset.
 */
#ifndef COMMON_BASE_ENVIRONMENT_H
#define COMMON_BASE_ENVIRONMENT_H

#include <stddef.h>
#include <stdlib.h>

/* Returns the value of a variable, or NULL when it is unset or empty. */
static inline const char *environment_variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

#endif
