/*
 * Looking into a dump without a database.
 */
#ifndef IMPORT_INSPECT_INSPECT_H
#define IMPORT_INSPECT_INSPECT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "import/options.h"

/* Prints the header and the manifest, as a table or, with `json`, as one object with the members
 * header and manifest, as FORMAT.md has them.  A file is read by way
 * of its seek table; a pipe is read to its end, its chunks unseen. */
bool inspect_list(const char *file, bool json, Error *error);

/* Reads the whole dump, with progress, and checks everything; prints one line. */
bool inspect_check(const ImportOptions *options, Error *error);

#endif
