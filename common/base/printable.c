/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/printable.h"

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

static bool append_control(Buffer *target, unsigned c, Error *error)
{
    switch (c) {
    case '\n':
        return buffer_append_text(target, "\\n", error);
    case '\t':
        return buffer_append_text(target, "\\t", error);
    case '\r':
        return buffer_append_text(target, "\\r", error);
    default:
        return buffer_append_format(target, error, "\\x%02x", c);
    }
}

/* Appends the first character of the text; *size is its length in bytes. */
static bool append_character(Buffer *target, Slice text, size_t *size, Error *error)
{
    ucs4_t c;
    int length = u8_mbtoucr(&c, text.data, text.size);

    *size = length > 0 ? (size_t)length : 1;
    if (length <= 0) {
        return append_control(target, text.data[0], error);
    }
    if (c < 0x20 || c == 0x7f) {
        return append_control(target, (unsigned)c, error);
    }
    if (is_hidden(c)) {
        return buffer_append_format(target, error, "\\u%04x", (unsigned)c);
    }
    return buffer_append(target, text.data, *size, error);
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
