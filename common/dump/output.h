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
 * Opens `path`; NULL or "-" means standard output.  Refuses an existing file, unless `replace`, and
 * a terminal: both with EXIT_CODE_USAGE.  A NAME.partial left by a killed program is taken over;
 * one that another program is writing is refused.
 */
bool dump_output_open(const char *path, bool replace, DumpOutput **output, Error *error);

/* Tells whether dump_output_open would refuse `path`, without creating a file.  Accepts standard
 * output. */
bool dump_output_check(const char *path, bool replace, Error *error);

/* Writes all bytes. */
bool dump_output_write(DumpOutput *output, Slice bytes, Error *error);

/* Flushes to disk and gives the file its final name.  Frees the output, even on failure. */
bool dump_output_commit(DumpOutput *output, Error *error);

/* Removes what was written and frees the output.  Takes NULL. */
void dump_output_discard(DumpOutput *output);

#endif
