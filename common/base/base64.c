/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/base64.h"

#include <limits.h>
#include <openssl/evp.h>

/* EVP_EncodeBlock takes an int.  A multiple of 3, so that the encoded pieces can be
 * concatenated. */
enum { PIECE_SIZE = 3 * 1024 * 1024 };

bool base64_append(Buffer *text, Slice bytes, Error *error)
{
    while (bytes.size > 0) {
        size_t size = bytes.size < PIECE_SIZE ? bytes.size : PIECE_SIZE;
        int written;

        /* Includes room for the NUL that EVP_EncodeBlock writes. */
        if (!buffer_reserve(text, (size + 2) / 3 * 4 + 1, error)) {
            return false;
        }
        written = EVP_EncodeBlock(text->data + text->size, bytes.data, (int)size);
        text->size += (size_t)written;
        bytes = slice_of(bytes.data + size, bytes.size - size);
    }
    return true;
}

/* Returns the number of padding characters at the end; -1 if there is one elsewhere, which OpenSSL
 * would decode as an A. */
static int count_padding(Slice text)
{
    const uint8_t *first = memchr(text.data, '=', text.size);
    size_t count = first == NULL ? 0 : text.size - (size_t)(first - text.data);

    if (count > 2 || (count == 2 && text.data[text.size - 1] != '=')) {
        return -1;
    }
    return (int)count;
}

bool base64_decode(Buffer *bytes, Slice text, bool *valid, Error *error)
{
    int padding;
    int written;

    *valid = text.size % 4 == 0 && text.size <= INT_MAX;
    if (!*valid || text.size == 0) {
        return true;
    }
    padding = count_padding(text);
    if (!buffer_reserve(bytes, text.size / 4 * 3, error)) {
        return false;
    }
    written = EVP_DecodeBlock(bytes->data + bytes->size, text.data, (int)text.size);
    /* EVP_DecodeBlock skips white space at both ends, which is not valid base64. */
    *valid = padding >= 0 && written >= 0 && (size_t)written == text.size / 4 * 3;
    if (*valid) {
        bytes->size += (size_t)(written - padding);
    }
    return true;
}
