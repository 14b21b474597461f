/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/unescape.h"

#include <string.h>

static bool is_octal(char c, char last)
{
    return c >= '0' && c <= last;
}

/* The size of the escape that the text begins with, and its byte; 0 if it is none. */
static size_t read_escape(const char *text, uint8_t *byte)
{
    if (text[1] == '\\') {
        *byte = '\\';
        return 2;
    }
    if (!is_octal(text[1], '3') || !is_octal(text[2], '7') || !is_octal(text[3], '7')) {
        return 0;
    }
    *byte = (uint8_t)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
    return 4;
}

bool unescape_append(Buffer *bytes, const char *text, bool *valid, Error *error)
{
    *valid = true;
    while (*text != '\0') {
        size_t size = strcspn(text, "\\");
        uint8_t byte;

        if (!buffer_append(bytes, text, size, error)) {
            return false;
        }
        text += size;
        if (*text == '\0') {
            break;
        }
        size = read_escape(text, &byte);
        *valid = size > 0;
        if (!*valid) {
            return true;
        }
        if (!buffer_append(bytes, &byte, 1, error)) {
            return false;
        }
        text += size;
    }
    return true;
}
