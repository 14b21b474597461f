/*
 * --print: the entries of a dump as JSON lines on standard output.
 */
#ifndef IMPORT_INSPECT_PRINT_H
#define IMPORT_INSPECT_PRINT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/*
 * Prints the entries that the options choose, chunk by chunk as they are read, so that the first
 * lines are there at once.  A file's chunks of other packages are not even read.  Where nothing was
 * left out, all of the dump's checks are made at the end, and their failure is told then.
 */
bool inspect_print(const ImportOptions *options, Error *error);

#endif
