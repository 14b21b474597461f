/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a dump readable more than once, whatever it comes from.
 *
 * A pipe can be read only once.  It is copied to its end into a file in TMPDIR (default: /tmp) that
 * has no name, so that nobody else can open it and nothing stays behind, however the program ends.
 */
#ifndef IMPORT_SPOOL_H
#define IMPORT_SPOOL_H

#include <stdbool.h>

#include "common/base/error.h"

/*
 * *file names the dump (NULL or "-": standard input), and is replaced by a path that can be opened
 * repeatedly, each time from the beginning; that of a regular file stays as it is.  A path that
 * was replaced is static and good as long as the program runs; so two dumps can be spooled.
 *
 * Call it after signals_start; it reports progress.  EXIT_CODE_USAGE if there is no dump or no
 * folder to write to, EXIT_CODE_FAILED if the folder has no room.
 */
bool spool_dump(const char **file, Error *error);

/* Whether that names a regular file, which can be opened repeatedly as it is. */
bool spool_is_file(const char *file);

#endif
