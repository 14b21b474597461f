/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AWS region, determined the way AWS's own tools do.
 */
#ifndef COMMON_AWS_REGION_H
#define COMMON_AWS_REGION_H

#include <stdbool.h>

#include "common/base/error.h"

/* Finds the region: AWS_REGION, AWS_DEFAULT_REGION, or the profile's.  *region (owned by the
 * caller) is NULL when none is configured. */
bool aws_region_find(char **region, Error *error);

/*
 * Chooses the region: `wanted`, the argument of `option` (NULL: not given), else what
 * aws_region_find finds, else `fallback` (NULL: none).  *region is owned by the caller.
 * EXIT_CODE_REFUSED when it is not valid, or there is none.
 */
bool aws_region_choose(const char *wanted, const char *option, const char *fallback, char **region,
                       Error *error);

/* Checks the argument of an option that names a region; NULL is valid.  EXIT_CODE_USAGE. */
bool aws_region_check(const char *region, const char *option, Error *error);

/* Tells whether a text is a valid region name; it becomes part of host names. */
bool aws_region_is_valid(const char *region);

#endif
