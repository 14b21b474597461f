/*
 * Looking into a dump without a database.
 */
#ifndef IMPORT_INSPECT_H
#define IMPORT_INSPECT_H

#include <stdbool.h>

#include "common/base/error.h"

/* Prints the header and the manifest.  A file is read by way of its seek table; a pipe is read to
 * its end, its chunks unseen. */
bool inspect_list(const char *file, Error *error);

/* Reads the whole dump and checks everything; prints one line. */
bool inspect_check(const char *file, Error *error);

#endif
