/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes text from outside (a server, a dump, a configuration, a file name) safe to show: it cannot
 * move the terminal's cursor, hide other text, or imitate a line of ours.
 */
#ifndef COMMON_BASE_PRINTABLE_H
#define COMMON_BASE_PRINTABLE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/*
 * Appends the text with these escaped: control characters (C0, DEL) as \n, \t, \r or \x1b; C1
 * controls and bidirectional marks as \u009b; bytes that are not UTF-8 as \xff.  Backslashes are
 * not escaped.
 */
bool printable_append(Buffer *target, Slice text, Error *error);

/*
 * The same for text of several lines, such as a server's message: newlines are kept, and each
 * following line is indented by `indent` spaces (which replace any tabs) so that it cannot look
 * like a line of its own.
 */
bool printable_append_lines(Buffer *target, Slice text, int indent, Error *error);

/*
 * Appends valid JSON text with the same characters escaped the JSON way: \u009b.
 */
bool printable_append_json(Buffer *target, Slice json, Error *error);

/*
 * A name from outside (of a branch, a key, ...) for a message, in which a C string would end at its
 * first NUL: PRINTABLE_NAME is an argument for "%s", good until the end of the block it is in.  The
 * name is escaped as by printable_append, and cut, with "..." at the end, if it is too long for a
 * message.
 */
enum { PRINTABLE_NAME_SIZE = 304 };
#define PRINTABLE_NAME(name) printable_name(name, (char[PRINTABLE_NAME_SIZE]){0})

const char *printable_name(Slice name, char shown[PRINTABLE_NAME_SIZE]);

#endif
