/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output: lines of text and JSON lines, for people and programs. (Dumps are written by
 * common/dump/output.h.)
 *
 * Functions that return nothing defer errors to output_flush, which must be called at the end.  Not
 * thread-safe.
 */
#ifndef COMMON_CLI_OUTPUT_H
#define COMMON_CLI_OUTPUT_H

#include <stdbool.h>

#include <jansson.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* Writes one line.  Line breaks in it are escaped, see common/base/printable.h. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes JSON on one line, with unsafe characters escaped.  Takes over the reference.  Fails for
 * NULL and for JSON with parts missing for lack of memory. */
bool output_json(json_t *json, Error *error);

/* Writes text that is already safe to show. */
bool output_text(Slice text, Error *error);

/* Flushes standard output.  False when this or an earlier write failed: EXIT_CODE_FAILED, or
 * EXIT_CODE_BROKEN_PIPE when the reader is gone, which is not worth a message. */
bool output_flush(Error *error);

#endif
