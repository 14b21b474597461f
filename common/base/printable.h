/*
 * Text from outside (a server, a dump, a configuration, a file's name) as it may be shown: it
 * cannot move a terminal's cursor, hide what stands beside it or look like a line of ours.
 */
#ifndef COMMON_BASE_PRINTABLE_H
#define COMMON_BASE_PRINTABLE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/*
 * Appends the text with these escaped: control characters (C0, DEL) as \n, \t, \r or \x1b, C1 and
 * bidirectional marks as \u009b, bytes that are no UTF-8 as \xff.  A backslash stays as it is.
 */
bool printable_append(Buffer *target, Slice text, Error *error);

/*
 * The same for text of several lines, such as a server's message: a newline stays one, and the line
 * behind it is indented by `indent` blanks (in place of tabs, if it has such), so that it is no
 * line of its own.
 */
bool printable_append_lines(Buffer *target, Slice text, int indent, Error *error);

/*
 * Appends JSON text, which is valid, with the same characters escaped as JSON does it: \u009b.
 */
bool printable_append_json(Buffer *target, Slice json, Error *error);

#endif
