/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/printable.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* Marks that change the direction of text. */
static bool is_bidirectional(ucs4_t c)
{
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Some programs take U+2028 and U+2029 for line ends. */
static bool is_hidden(ucs4_t c)
{
    return (c >= 0x80 && c <= 0x9f) || is_bidirectional(c) || c == 0x2028 || c == 0x2029;
}

/* The longest escape is "\\u009b". */
enum { ESCAPE_SIZE = 8 };

static void escape_control(unsigned c, char escape[ESCAPE_SIZE])
{
    switch (c) {
    case '\n':
        snprintf(escape, ESCAPE_SIZE, "\\n");
        break;
    case '\t':
        snprintf(escape, ESCAPE_SIZE, "\\t");
        break;
    case '\r':
        snprintf(escape, ESCAPE_SIZE, "\\r");
        break;
    default:
        snprintf(escape, ESCAPE_SIZE, "\\x%02x", c & 0xff);
    }
}

/* Returns what the first character of the text is shown as: itself, or its escape.  *size is its
 * length in bytes. */
static Slice show_character(Slice text, char escape[ESCAPE_SIZE], size_t *size)
{
    ucs4_t c;
    int length = u8_mbtoucr(&c, text.data, text.size);

    *size = length > 0 ? (size_t)length : 1;
    if (length <= 0) {
        escape_control(text.data[0], escape);
    } else if (c < 0x20 || c == 0x7f) {
        escape_control((unsigned)c, escape);
    } else if (is_hidden(c)) {
        snprintf(escape, ESCAPE_SIZE, "\\u%04x", (unsigned)c & 0xffff);
    } else {
        return slice_of(text.data, *size);
    }
    return slice_text(escape);
}

static bool append_character(Buffer *target, Slice text, size_t *size, Error *error)
{
    char escape[ESCAPE_SIZE];
    Slice shown = show_character(text, escape, size);

    return buffer_append(target, shown.data, shown.size, error);
}

/* Length of the leading newline and the tabs after it, with which libpq indents. */
static size_t line_break(Slice text)
{
    size_t size = 1;

    while (size < text.size && text.data[size] == '\t') {
        size++;
    }
    return size;
}

/* A negative `indent`: newlines are escaped, too. */
static bool append_escaped(Buffer *target, Slice text, int indent, Error *error)
{
    while (text.size > 0) {
        size_t size = 1;

        if (text.data[0] == '\n' && indent >= 0) {
            size = line_break(text);
            if (!buffer_append_format(target, error, "\n%*s", indent, "")) {
                return false;
            }
        } else if (!append_character(target, text, &size, error)) {
            return false;
        }
        text = slice_of(text.data + size, text.size - size);
    }
    return true;
}

bool printable_append_json(Buffer *target, Slice json, Error *error)
{
    while (json.size > 0) {
        ucs4_t c;
        int length = u8_mbtoucr(&c, json.data, json.size);
        size_t size = length > 0 ? (size_t)length : 1;
        bool done = length > 0 && (c == 0x7f || is_hidden(c))
                        ? buffer_append_format(target, error, "\\u%04x", (unsigned)c)
                        : buffer_append(target, json.data, size, error);

        if (!done) {
            return false;
        }
        json = slice_of(json.data + size, json.size - size);
    }
    return true;
}

bool printable_append(Buffer *target, Slice text, Error *error)
{
    return append_escaped(target, text, -1, error);
}

bool printable_append_lines(Buffer *target, Slice text, int indent, Error *error)
{
    return append_escaped(target, text, indent, error);
}

const char *printable_name(Slice name, char shown[PRINTABLE_NAME_SIZE])
{
    static const char CUT[] = "...";
    size_t used = 0;

    while (name.size > 0) {
        char escape[ESCAPE_SIZE];
        size_t size;
        Slice character = show_character(name, escape, &size);

        if (used + character.size + sizeof CUT > PRINTABLE_NAME_SIZE) {
            memcpy(shown + used, CUT, sizeof CUT);
            return shown;
        }
        memcpy(shown + used, character.data, character.size);
        used += character.size;
        name = slice_of(name.data + size, name.size - size);
    }
    shown[used] = '\0';
    return shown;
}
