/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"

#include <string.h>
#include <unistr.h>

static const char REPLACEMENT[3] = {(char)0xef, (char)0xbf, (char)0xbd}; /* U+FFFD */

bool utf8_is_valid(Slice text)
{
    return text.size == 0 || u8_check(text.data, text.size) == NULL;
}

size_t utf8_replaced_bound(size_t size)
{
    return sizeof REPLACEMENT * size + 1;
}

size_t utf8_replace(Slice text, char *target)
{
    char *p = target;

    while (text.size > 0) {
        ucs4_t character;
        int n = u8_mbtoucr(&character, text.data, text.size);
        size_t step = n > 0 ? (size_t)n : 1;

        if (n > 0) {
            memcpy(p, text.data, step);
            p += step;
        } else {
            memcpy(p, REPLACEMENT, sizeof REPLACEMENT);
            p += sizeof REPLACEMENT;
        }
        text = slice_of(text.data + step, text.size - step);
    }
    *p = '\0';
    return (size_t)(p - target);
}
