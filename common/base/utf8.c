/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

static const char REPLACEMENT[3] = {(char)0xef, (char)0xbf, (char)0xbd}; /* U+FFFD */

/* The length of the ASCII at the beginning, rounded down to whole words. */
static size_t ascii_prefix(Slice text)
{
    static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);
    size_t size = 0;
    uint64_t word;

    while (text.size - size >= sizeof word) {
        memcpy(&word, text.data + size, sizeof word);
        if ((word & HIGH_BITS) != 0) {
            break;
        }
        size += sizeof word;
    }
    return size;
}

bool utf8_is_valid(Slice text)
{
    /* Most text is ASCII, for which the library takes ten instructions a byte. */
    size_t checked = ascii_prefix(text);

    return text.size == checked || u8_check(text.data + checked, text.size - checked) == NULL;
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
