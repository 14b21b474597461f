/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files without a name in TMPDIR (default: /tmp): nobody else can open them, and nothing stays
 * behind, however the program ends.
 */
#ifndef COMMON_BASE_TEMPORARY_FILE_H
#define COMMON_BASE_TEMPORARY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* Makes an empty file and opens it for reading and writing; the caller closes it.  EXIT_CODE_USAGE
 * if the folder cannot be written to. */
bool temporary_file_open(int *fd, Error *error);

/* Write all of the bytes, at the file's position or at an offset.  EXIT_CODE_FAILED if the folder
 * has no room. */
bool temporary_file_write(int fd, Slice bytes, Error *error);
bool temporary_file_write_at(int fd, uint64_t offset, Slice bytes, Error *error);

/* Reads exactly `size` bytes at an offset; what was never written before the end of the file is
 * 0. */
bool temporary_file_read(int fd, uint64_t offset, void *data, size_t size, Error *error);

#endif
