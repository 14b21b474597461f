/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the name of a dump means: a file to create or to replace, or a pipe or device to write to.
 *
 * Symbolic links are followed, as pg_dump does, so that the file and its partial file are where the
 * link leads.  Refuses, with EXIT_CODE_USAGE, what would give the dump to another user: a pipe of
 * theirs, or a link of theirs that decides where the dump goes.
 */
#ifndef COMMON_DUMP_OUTPUT_PATH_H
#define COMMON_DUMP_OUTPUT_PATH_H

#include <stdbool.h>

#include "common/base/error.h"

typedef struct OutputPath {
    char *file;   /* the name of the file, with links followed; NULL: a pipe or device.  Owned */
    char *folder; /* of the file.  Owned, NULL if `file` is */
    bool exists;  /* the file exists */
} OutputPath;

/* Finds out what `path` means.  Refuses a directory, and an existing file unless `replace`.  End
 * with output_path_free, even after a failure. */
bool output_path_find(const char *path, bool replace, OutputPath *found, Error *error);

/* Tells whether files can be created in the folder and the existing file can be replaced. */
bool output_path_check_folder(const OutputPath *path, Error *error);

void output_path_free(OutputPath *path);

#endif
