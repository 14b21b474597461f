/* SPDX-License-Identifier: Apache-2.0 */
#include "common/http/server_words.h"

#include <stdbool.h>
#include <string.h>

static const char CUT[] = "...";

static bool is_blank(unsigned char byte)
{
    return byte <= 0x20 || byte == 0x7f;
}

/* Removes the bytes of a last character that may be incomplete. */
static size_t whole_characters(const char *words, size_t size)
{
    while (size > 0 && ((unsigned char)words[size - 1] & 0xc0) == 0x80) {
        size--;
    }
    return size > 0 && (unsigned char)words[size - 1] >= 0xc0 ? size - 1 : size;
}

void server_words_copy(Slice text, char *words, size_t capacity)
{
    size_t size = 0;
    bool blank = false;

    for (size_t i = 0; i < text.size; i++) {
        if (is_blank(text.data[i])) {
            blank = size > 0;
            continue;
        }
        if (size + blank + 1 >= capacity) {
            size = whole_characters(words,
                                    size < capacity - sizeof CUT ? size : capacity - sizeof CUT);
            memcpy(words + size, CUT, sizeof CUT);
            return;
        }
        if (blank) {
            words[size++] = ' ';
        }
        words[size++] = (char)text.data[i];
        blank = false;
    }
    words[size] = '\0';
}
