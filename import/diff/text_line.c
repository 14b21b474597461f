/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/text_line.h"

#include "common/base/printable.h"
#include "common/cli/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { ID_SIZE = 12, FIRST_LINE_SIZE = 72 };

void text_add(TextLine *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line->failed =
        !buffer_append_vformat(&line->buffer, line->error, format, arguments) || line->failed;
    va_end(arguments);
}

static void add_printable(TextLine *line, Slice text)
{
    line->failed = !printable_append(&line->buffer, text, line->error) || line->failed;
}

void text_name(TextLine *line, Slice name)
{
    text_add(line, "\"");
    add_printable(line, name);
    text_add(line, "\"");
}

/* Cuts a text to a size, at the end of a character of UTF-8. */
static Slice cut(Slice text, size_t size)
{
    if (text.size <= size) {
        return text;
    }
    while (size > 0 && (text.data[size] & 0xc0) == 0x80) {
        size--;
    }
    return slice_of(text.data, size);
}

void text_id(TextLine *line, Slice id)
{
    if (id.size == 0) {
        text_add(line, "no commit");
    } else {
        add_printable(line, cut(id, ID_SIZE));
    }
}

void text_first_line(TextLine *line, Slice text)
{
    const uint8_t *end = text.size == 0 ? NULL : memchr(text.data, '\n', text.size);
    Slice first = end == NULL ? text : slice_of(text.data, (size_t)(end - text.data));
    Slice shown = cut(first, FIRST_LINE_SIZE);

    text_add(line, "\"");
    add_printable(line, shown);
    text_add(line, shown.size < text.size ? "...\"" : "\"");
}

void text_count(TextLine *line, uint64_t count, const char *one, const char *many)
{
    text_add(line, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

bool text_end(TextLine *line)
{
    bool done;

    text_add(line, "\n");
    done = !line->failed && output_text(buffer_slice(&line->buffer), line->error);
    line->buffer.size = 0;
    return done;
}
