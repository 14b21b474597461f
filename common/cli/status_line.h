/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line at the bottom of the terminal that is redrawn in place: what to write to show and to erase
 * it.  It is cut to the terminal's width, since a line that wraps cannot be erased by returning to
 * its start.
 *
 * The caller writes the texts in the order in which it got them, and excludes other threads.
 */
#ifndef COMMON_CLI_STATUS_LINE_H
#define COMMON_CLI_STATUS_LINE_H

#include <stddef.h>

/* Columns of the terminal; if they are not known, one more than is ever drawn. */
size_t status_line_columns(void);

/* Replaces the line, which is ASCII without control characters; "": none. */
void status_line_set(const char *line);

/* Other programs draw lines of their own on the terminal, if there is one: what is written begins
 * by erasing these. */
void status_line_share(void);

/* What removes the line that was drawn last, "" if there is none.  A terminal that has become
 * narrower since has wrapped it, so its rows are removed.  The result is valid until the next call.
 */
const char *status_line_erase(void);

/* What draws the line, which must have been erased; "" if there is none. */
const char *status_line_draw(void);

#endif
