/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a dump into a target, from the first checks to the stamp.
 */
#ifndef IMPORT_LOAD_H
#define IMPORT_LOAD_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Loads the dump that the options name.  A failed load is never stamped. */
bool load_dump(ImportOptions *options, Error *error);

#endif
