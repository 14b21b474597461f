/*
 * Whether a load would be taken: a look at the target, without a dump.
 */
#ifndef IMPORT_INSPECT_CHECK_TARGET_H
#define IMPORT_INSPECT_CHECK_TARGET_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Makes the checks that a load makes of the target before it changes anything, and prints a line,
 * or with options->json an object, that says what is there.  False with a load's error where it
 * would be refused, or fail.  The migration lock is taken for the time, as a load takes it. */
bool inspect_check_target(ImportOptions *options, Error *error);

#endif
