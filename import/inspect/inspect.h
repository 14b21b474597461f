/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --list and --check: inspect a dump without a database.
 */
#ifndef IMPORT_INSPECT_INSPECT_H
#define IMPORT_INSPECT_INSPECT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Prints the header and the manifest, as a table or, with `json`, as one object with the members
 * header and manifest (see FORMAT.md).  In a file, finds the manifest through the seek table; reads
 * a pipe to its end.  The chunks are not checked. */
bool inspect_list(const char *file, bool json, Error *error);

/* Reads and checks the whole dump, with progress, and prints one line. */
bool inspect_check(const ImportOptions *options, Error *error);

#endif
