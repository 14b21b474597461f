/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output for people: labelled fields, and commands to copy.
 *
 * Text from outside is escaped, so that it cannot harm a terminal.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_REPORT_H
#define SCRIPTS_SESSION_MIGRATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"

/* Prints "label:" and the text, starting at column `indent` and wrapped to 79 columns.  An empty
 * label continues the previous field. */
void report_field(FILE *output, int indent, const char *label, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same on one line, however long: for a name, or a command to copy. */
void report_line(FILE *output, int indent, const char *label, const char *text);

/* Appends the words as a command line, quoted for a shell. */
bool report_command(Buffer *text, const Words *words, Error *error);

/* Flushes standard output, see output_flush.  Also fails if memory ran out while printing. */
bool report_flush(Error *error);

#endif
