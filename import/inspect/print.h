/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --print: prints the entries of a dump as JSON lines.
 */
#ifndef IMPORT_INSPECT_PRINT_H
#define IMPORT_INSPECT_PRINT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/*
 * Prints the entries that the options choose, chunk by chunk as they are read, so that the first
 * lines appear at once.  In a file, chunks of other packages are skipped unread.  If nothing is
 * skipped, makes all of the dump's checks; a failure may be reported only at the end.
 */
bool inspect_print(const ImportOptions *options, Error *error);

#endif
