/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a line of text for people and writes it to standard output.  Names are escaped
 * (common/base/printable.h).  A failure is kept until the end of the line.
 */
#ifndef IMPORT_DIFF_TEXT_LINE_H
#define IMPORT_DIFF_TEXT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* {.error = ...} is an empty line; end with buffer_free of the buffer. */
typedef struct TextLine {
    Buffer buffer;
    Error *error;
    bool failed;
} TextLine;

/* Adds words of ours. */
void text_add(TextLine *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a name from outside, in double quotes. */
void text_name(TextLine *line, Slice name);

/* Adds the first 12 characters of an id, as lakeFS shows commits. */
void text_id(TextLine *line, Slice id);

/* Adds the first line of a text, at most 72 bytes of it, in double quotes. */
void text_first_line(TextLine *line, Slice text);

/* Adds a number and the word for so many. */
void text_count(TextLine *line, uint64_t count, const char *one, const char *many);

/* Ends the line and writes it; false if anything has failed. */
bool text_end(TextLine *line);

#endif
