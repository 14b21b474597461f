/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --diff: what has changed from a dump to another one, or to a store.
 */
#ifndef IMPORT_DIFF_DIFF_H
#define IMPORT_DIFF_DIFF_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/*
 * Prints the differences: in words (text_report.h) or as lines of JSON (json_line.h).  If there are
 * any, succeeds with EXIT_CODE_FAILED in error->code, as for --verify, but without a message: then
 * the program has done what it was asked to.
 */
bool diff_dumps(ImportOptions *options, Error *error);
bool diff_with_store(ImportOptions *options, Error *error);

#endif
