/*
 * Variables of the environment, of which an empty one is as good as none.
 */
#ifndef COMMON_BASE_ENVIRONMENT_H
#define COMMON_BASE_ENVIRONMENT_H

#include <stddef.h>
#include <stdlib.h>

/* The value of a variable; NULL where it is not set or empty. */
static inline const char *environment_variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

#endif
