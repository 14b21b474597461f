/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/json_text.h"

#include "common/base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t json_text_skip_spaces(Slice json, size_t at)
{
    while (at < json.size && (json.data[at] == ' ' || json.data[at] == '\n' ||
                              json.data[at] == '\t' || json.data[at] == '\r')) {
        at++;
    }
    return at;
}

/* The end of the string whose opening quote is at `at`. */
static size_t skip_string(Slice json, size_t at)
{
    for (at++; at < json.size && json.data[at] != '"'; at++) {
        at += json.data[at] == '\\' ? 1 : 0;
    }
    return at < json.size ? at + 1 : json.size;
}

size_t json_text_skip_key(Slice json, size_t at)
{
    return at < json.size && json.data[at] == '"' ? skip_string(json, at) : at;
}

size_t json_text_skip_value(Slice json, size_t at)
{
    size_t depth = 0;

    while (at < json.size) {
        switch (json.data[at]) {
        case '"':
            at = skip_string(json, at);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return at;
            }
            depth--;
            break;
        case ',':
            if (depth == 0) {
                return at;
            }
            break;
        default:
            break;
        }
        at++;
    }
    return at;
}

Slice json_text_value(Slice json, size_t begin, size_t end)
{
    while (end > begin && json_text_skip_spaces(json, end - 1) != end - 1) {
        end--;
    }
    return slice_of(json.data + begin, end - begin);
}

/* Reads four hexadecimal digits at `at`. */
static bool read_hex(Slice json, size_t at, uint32_t *code)
{
    *code = 0;
    if (json.size - at < 4) {
        return false;
    }
    for (size_t i = at; i < at + 4; i++) {
        uint8_t c = json.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? c - (uint32_t)'0'
                         : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
                         : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
                                                : 16;

        if (digit == 16) {
            return false;
        }
        *code = *code << 4 | digit;
    }
    return true;
}

/* Reads what follows "\u"; advances past it, and past the second half of a pair. */
static bool read_code(Slice json, size_t *at, uint32_t *code)
{
    uint32_t low;

    if (!read_hex(json, *at, code)) {
        return false;
    }
    *at += 4;
    if (*code < 0xd800 || *code > 0xdfff) {
        return *code != 0;
    }
    if (*code > 0xdbff || json.size - *at < 6 || json.data[*at] != '\\' ||
        json.data[*at + 1] != 'u' || !read_hex(json, *at + 2, &low) || low < 0xdc00 ||
        low > 0xdfff) {
        return false;
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    *at += 6;
    return true;
}

static size_t write_code(uint32_t code, char *text)
{
    if (code < 0x80) {
        text[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        text[0] = (char)(0xc0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        text[0] = (char)(0xe0 | code >> 12);
        text[1] = (char)(0x80 | (code >> 6 & 0x3f));
        text[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    text[0] = (char)(0xf0 | code >> 18);
    text[1] = (char)(0x80 | (code >> 12 & 0x3f));
    text[2] = (char)(0x80 | (code >> 6 & 0x3f));
    text[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Decodes what follows a backslash at *at - 1, and advances past it. */
static bool decode_escape(Slice json, size_t *at, char *text, size_t *used)
{
    static const char ESCAPES[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    uint8_t escape = json.data[(*at)++];
    const char *found = escape == '\0' ? NULL : strchr(ESCAPES, escape);
    uint32_t code;

    if (found != NULL) {
        text[(*used)++] = MEANINGS[found - ESCAPES];
        return true;
    }
    if (escape != 'u' || !read_code(json, at, &code)) {
        return false;
    }
    *used += write_code(code, text + *used);
    return true;
}

bool json_text_decode(Slice json, char *text)
{
    size_t used = 0;
    size_t at = 1;

    /* What is written is never longer than what was read for it. */
    if (json.size < 2 || json.data[0] != '"' || skip_string(json, 0) != json.size ||
        json.data[json.size - 1] != '"') {
        return false;
    }
    json.size--;
    if (!utf8_is_valid(json)) {
        return false;
    }
    while (at < json.size) {
        uint8_t c = json.data[at++];

        if (c < 0x20 || (c == '\\' && at == json.size)) {
            return false;
        }
        if (c != '\\') {
            text[used++] = (char)c;
        } else if (!decode_escape(json, &at, text, &used)) {
            return false;
        }
    }
    text[used] = '\0';
    return true;
}

size_t json_text_compact(Slice json, char *text)
{
    size_t used = 0;

    for (size_t at = 0; at < json.size;) {
        size_t end = json.data[at] == '"' ? skip_string(json, at) : at + 1;

        if (json_text_skip_spaces(json, at) == at) {
            memmove(text + used, json.data + at, end - at);
            used += end - at;
        }
        at = end;
    }
    return used;
}
