/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/html.h"

#include "common/base/printable.h"

static const char *entity(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

bool html_append(Buffer *html, Slice text, Error *error)
{
    Buffer shown = {0};
    bool done = printable_append_lines(&shown, text, 0, error);

    for (size_t i = 0; done && i < shown.size; i++) {
        const char *escaped = entity(shown.data[i]);

        done = escaped == NULL ? buffer_append(html, shown.data + i, 1, error)
                               : buffer_append_text(html, escaped, error);
    }
    buffer_free(&shown);
    return done;
}
