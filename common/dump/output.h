/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The destination of a dump: a file that appears complete or not at all, or an open stream.
 *
 * A file NAME is written as NAME.partial, readable by its owner only, flushed to disk and then
 * renamed.  Standard output, pipes and devices are written directly.
 */
#ifndef COMMON_DUMP_OUTPUT_H
#define COMMON_DUMP_OUTPUT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct DumpOutput DumpOutput;

/*
 * Opens `path`; NULL or "-" means standard output.  Follows symbolic links.  Refuses with
 * EXIT_CODE_USAGE: an existing file, unless `replace`; a terminal; what would let another user read
 * the dump or decide where it goes (output_path.h); a NAME.partial that is not this user's, or that
 * another program is writing (partial_file.h).  One that a killed program has left is removed.
 */
bool dump_output_open(const char *path, bool replace, DumpOutput **output, Error *error);

/* Tells whether dump_output_open would refuse `path`, without creating a file.  Accepts standard
 * output. */
bool dump_output_check(const char *path, bool replace, Error *error);

/* The folder in which dump_output_open would create the file; NULL for a pipe or a device.  The
 * caller frees it. */
bool dump_output_folder(const char *path, char **folder, Error *error);

/* Whether it goes into a file, also where standard output is one: not into a pipe or a device. */
bool dump_output_is_file(const DumpOutput *output);

/* Writes all bytes. */
bool dump_output_write(DumpOutput *output, Slice bytes, Error *error);

/* Flushes to disk and gives the file its final name.  Frees the output, even on failure. */
bool dump_output_commit(DumpOutput *output, Error *error);

/* Removes what was written and frees the output.  Takes NULL. */
void dump_output_discard(DumpOutput *output);

#endif
