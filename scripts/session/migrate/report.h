/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown to people: fields of a label and a text, and commands to be copied.
 *
 * Texts may come from outside: what could harm a terminal is escaped.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_REPORT_H
#define SCRIPTS_SESSION_MIGRATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"

/* Prints "label:" and the text, which begins at column `indent` and is wrapped to 79 columns.  An
 * empty label continues the field before. */
void report_field(FILE *output, int indent, const char *label, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same in one line, however long: a name, or a command to be copied. */
void report_line(FILE *output, int indent, const char *label, const char *text);

/* Appends the words as a command line that a shell reads as they are. */
bool report_command(Buffer *text, const Words *words, Error *error);

enum { REPORT_SIZE_TEXT = 32 };

/* "16 kB", as pg_size_pretty() has it. */
void report_size(uint64_t bytes, char text[REPORT_SIZE_TEXT]);

/* "0.57 s", "3 min 20 s", "2 h 5 min". */
void report_duration(double seconds, char text[REPORT_SIZE_TEXT]);

/* Flushes standard output, see output_flush; fails, too, where there was no memory for what was
 * shown. */
bool report_flush(Error *error);

#endif
