#include "common/base/base64.h"

#include <openssl/evp.h>

/* EVP_EncodeBlock counts in int; a multiple of 3, so that pieces can be put together. */
enum { PIECE_SIZE = 3 * 1024 * 1024 };

bool base64_append(Buffer *text, Slice bytes, Error *error)
{
    while (bytes.size > 0) {
        size_t size = bytes.size < PIECE_SIZE ? bytes.size : PIECE_SIZE;
        int written;

        /* With room for the NUL that it writes. */
        if (!buffer_reserve(text, (size + 2) / 3 * 4 + 1, error)) {
            return false;
        }
        written = EVP_EncodeBlock(text->data + text->size, bytes.data, (int)size);
        text->size += (size_t)written;
        bytes = slice_of(bytes.data + size, bytes.size - size);
    }
    return true;
}
