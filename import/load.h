/*
 * Loading a dump into a target, from the guards to the stamp.
 */
#ifndef IMPORT_LOAD_H
#define IMPORT_LOAD_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Loads the dump that the options name.  After a failure nothing is stamped. */
bool load_dump(ImportOptions *options, Error *error);

#endif
