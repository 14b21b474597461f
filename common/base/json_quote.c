/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/json_quote.h"

#include "common/base/base64.h"
#include "common/base/printable.h"
#include "common/base/utf8.h"

#include <unistr.h>

static bool is_plain_control(uint8_t byte)
{
    return byte == '\t' || byte == '\n' || byte == '\r';
}

bool json_quote_is_plain(Slice bytes)
{
    bool ascii = true;

    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];

        if ((byte < ' ' && !is_plain_control(byte)) || byte == 0x7f) {
            return false;
        }
        ascii = ascii && byte < 0x80;
    }
    return ascii || utf8_is_valid(bytes);
}

/* The number of bytes that stand for themselves in a JSON string. */
static size_t span_unescaped(Slice text)
{
    size_t size = 0;

    while (size < text.size && text.data[size] >= ' ' && text.data[size] < 0x7f &&
           text.data[size] != '"' && text.data[size] != '\\') {
        size++;
    }
    return size;
}

/* How bytes are shown that a JSON string does not take as they are. */
typedef struct Escapes {
    const char *backslash;
    bool octal; /* others; else the JSON way */
} Escapes;

static bool append_special(Buffer *json, uint8_t byte, const Escapes *escapes, Error *error)
{
    switch (byte) {
    case '"':
        return buffer_append_text(json, "\\\"", error);
    case '\\':
        return buffer_append_text(json, escapes->backslash, error);
    case '\n':
        return buffer_append_text(json, "\\n", error);
    case '\t':
        return buffer_append_text(json, "\\t", error);
    case '\r':
        return buffer_append_text(json, "\\r", error);
    default:
        return escapes->octal ? buffer_append_format(json, error, "\\\\%03o", (unsigned)byte)
                              : buffer_append_format(json, error, "\\u%04x", (unsigned)byte);
    }
}

static bool append_string(Buffer *json, Slice text, const Escapes *escapes, Error *error)
{
    bool done = buffer_append(json, "\"", 1, error);

    while (done && text.size > 0) {
        size_t size = span_unescaped(text);
        ucs4_t ignored;
        int length;

        if (size > 0) {
            done = buffer_append(json, text.data, size, error);
        } else if (text.data[0] < 0x80) {
            size = 1;
            done = append_special(json, text.data[0], escapes, error);
        } else {
            length = u8_mbtoucr(&ignored, text.data, text.size);
            size = length > 0 ? (size_t)length : 1;
            done = length > 0 ? printable_append_json(json, slice_of(text.data, size), error)
                              : append_special(json, text.data[0], escapes, error);
        }
        text = slice_of(text.data + size, text.size - size);
    }
    return done && buffer_append(json, "\"", 1, error);
}

bool json_quote_text(Buffer *json, Slice text, Error *error)
{
    static const Escapes OF_JSON = {.backslash = "\\\\"};

    return append_string(json, text, &OF_JSON, error);
}

bool json_quote_bytes(Buffer *json, Slice bytes, Error *error)
{
    static const Escapes OF_POSTGRESQL = {.backslash = "\\\\\\\\", .octal = true};

    return append_string(json, bytes, &OF_POSTGRESQL, error);
}

bool json_quote_base64(Buffer *json, Slice bytes, Error *error)
{
    return buffer_append_text(json, "{\"base64\":\"", error) && base64_append(json, bytes, error) &&
           buffer_append_text(json, "\"}", error);
}
