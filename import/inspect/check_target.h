/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --check-target: checks whether a load would be accepted, without a dump.
 */
#ifndef IMPORT_INSPECT_CHECK_TARGET_H
#define IMPORT_INSPECT_CHECK_TARGET_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Makes the checks that a load makes before it changes the target, and prints the target's state as
 * a line or, with options->json, as an object.  Fails with a load's error if a load would be
 * refused or fail.  Holds the migration lock meanwhile, as a load does. */
bool inspect_check_target(ImportOptions *options, Error *error);

#endif
