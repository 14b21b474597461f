/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/report.h"

#include "common/base/printable.h"
#include "common/cli/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { WIDTH = 79 };

static void print_label(FILE *output, int indent, const char *label)
{
    int used = label[0] == '\0' ? 0 : fprintf(output, "%s:", label);

    fprintf(output, "%*s", indent - used, "");
}

/* Display width of UTF-8 text, one column per character. */
static int columns(const char *text, size_t size)
{
    int count = 0;

    for (size_t i = 0; i < size; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

static void print_wrapped(FILE *output, int indent, const char *label, const char *text)
{
    int column = 0;

    text += strspn(text, " ");
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        int width = columns(text, size);

        if (column == 0 || column + 1 + width > WIDTH) {
            fputs(column == 0 ? "" : "\n", output);
            print_label(output, indent, label);
            label = "";
            column = indent;
        } else {
            fputc(' ', output);
            column++;
        }
        fprintf(output, "%.*s", (int)size, text);
        column += width;
        text += size;
        text += strspn(text, " ");
    }
    if (column == 0) {
        print_label(output, indent, label);
    }
    fputc('\n', output);
}

/* Printed if there is no memory to escape a text; report_flush then fails. */
static const char NO_MEMORY[] = "(out of memory)";
static bool lacked_memory;

void report_field(FILE *output, int indent, const char *label, const char *format, ...)
{
    Buffer text = {0};
    Buffer shown = {0};
    Error ignored;
    va_list arguments;
    bool done;

    va_start(arguments, format);
    done = buffer_append_vformat(&text, &ignored, format, arguments);
    va_end(arguments);
    if (done && printable_append(&shown, buffer_slice(&text), &ignored)) {
        print_wrapped(output, indent, label, buffer_string(&shown));
    } else {
        print_wrapped(output, indent, label, NO_MEMORY);
        lacked_memory = true;
    }
    buffer_free(&text);
    buffer_free(&shown);
}

void report_line(FILE *output, int indent, const char *label, const char *text)
{
    Buffer shown = {0};
    Error ignored;
    bool done = printable_append(&shown, slice_text(text), &ignored);

    lacked_memory |= !done;
    print_label(output, indent, label);
    fprintf(output, "%s\n", done ? buffer_string(&shown) : NO_MEMORY);
    buffer_free(&shown);
}

/* Appends a word with unprintable bytes as $'...', escaped. */
static bool append_escaped(Buffer *text, const char *word, Error *error)
{
    bool done = buffer_append_text(text, "$'", error);

    for (; done && *word != '\0'; word++) {
        unsigned char c = (unsigned char)*word;

        if (c < 0x20 || c >= 0x7f) {
            done = buffer_append_format(text, error, "\\x%02x", c);
        } else {
            done = buffer_append_format(text, error, "%s%c", c == '\'' || c == '\\' ? "\\" : "", c);
        }
    }
    return done && buffer_append_text(text, "'", error);
}

static bool append_single_quoted(Buffer *text, const char *word, Error *error)
{
    bool done = buffer_append_text(text, "'", error);

    for (; done && *word != '\0'; word++) {
        done = *word == '\'' ? buffer_append_text(text, "'\\''", error)
                             : buffer_append(text, word, 1, error);
    }
    return done && buffer_append_text(text, "'", error);
}

static bool is_plain(const char *word)
{
    static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_./:=@%+,-";

    return word[0] != '\0' && word[strspn(word, PLAIN)] == '\0';
}

static bool needs_escapes(const char *word)
{
    Buffer shown = {0};
    Error ignored;
    bool same = printable_append(&shown, slice_text(word), &ignored) &&
                slice_equal(buffer_slice(&shown), slice_text(word));

    buffer_free(&shown);
    return !same;
}

static bool append_word(Buffer *text, const char *word, Error *error)
{
    if (is_plain(word)) {
        return buffer_append_text(text, word, error);
    }
    if (needs_escapes(word)) {
        return append_escaped(text, word, error);
    }
    if (strpbrk(word, "\"\\$`!") == NULL) {
        return buffer_append_format(text, error, "\"%s\"", word);
    }
    return append_single_quoted(text, word, error);
}

bool report_command(Buffer *text, const Words *words, Error *error)
{
    for (size_t i = 0; i < words->count; i++) {
        if ((text->size > 0 && !buffer_append_text(text, " ", error)) ||
            !append_word(text, words->items[i], error)) {
            return false;
        }
    }
    return true;
}

bool report_flush(Error *error)
{
    if (lacked_memory) {
        return error_out_of_memory(error);
    }
    return output_flush(error);
}
