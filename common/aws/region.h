/*
 * The region of AWS that is worked in, from where AWS's own tools take it.
 */
#ifndef COMMON_AWS_REGION_H
#define COMMON_AWS_REGION_H

#include <stdbool.h>

#include "common/base/error.h"

/* Finds the region: AWS_REGION, AWS_DEFAULT_REGION, that of the profile.  *region (owned by the
 * caller) is NULL where nothing says it. */
bool aws_region_find(char **region, Error *error);

/* Whether a text can be the name of a region: it becomes part of names of hosts. */
bool aws_region_is_valid(const char *region);

#endif
