/*
 * What the programs write to standard output for people and for other programs: lines of text and
 * JSON lines.  (A dump goes to standard output by common/dump/output.h.)
 *
 * Functions that return nothing leave failures to output_flush, which must be called at the end.
 * Not for several threads at a time.
 */
#ifndef COMMON_CLI_OUTPUT_H
#define COMMON_CLI_OUTPUT_H

#include <stdbool.h>

#include <jansson.h>

#include "common/base/error.h"

/* Writes one line.  Whatever its texts hold, it stays one line, see common/base/printable.h. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the JSON on a line; what text must not show is escaped.  Takes it over; NULL, and JSON
 * that memory was lacking for, is an error. */
bool output_json(json_t *json, Error *error);

/* Writes out what is buffered.  False when that, or anything before, failed: EXIT_CODE_FAILED, or
 * EXIT_CODE_BROKEN_PIPE where nobody reads it any more, which is nothing to complain about. */
bool output_flush(Error *error);

#endif
