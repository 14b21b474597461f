/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that holds a dump until it is complete: NAME.partial, beside NAME.
 *
 * It is always created anew, with mode 0600: who has opened an earlier file of that name sees
 * nothing of the dump.  Its creator holds a lock on it, so that no two programs write the same
 * dump.
 */
#ifndef COMMON_DUMP_PARTIAL_FILE_H
#define COMMON_DUMP_PARTIAL_FILE_H

#include <stdbool.h>

#include "common/base/error.h"

/* Returns the name of the partial file of `file`; malloced, NULL with the error set. */
char *partial_file_name(const char *file, Error *error);

/*
 * Creates and locks the file.  Removes one that a killed program has left.  Refuses, with
 * EXIT_CODE_USAGE, to touch one that another program is writing, that belongs to another user, or
 * that is not a regular file.
 */
bool partial_file_create(const char *name, int *fd, Error *error);

/* Tells whether partial_file_create would refuse the name, without creating or removing a file. */
bool partial_file_check(const char *name, Error *error);

/* Tells whether the open file has this name: another user of the folder may have renamed or removed
 * it. */
bool partial_file_has_name(int fd, const char *name);

#endif
