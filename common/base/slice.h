/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borrowed bytes: not NUL-terminated, any byte may occur.
 */
#ifndef COMMON_BASE_SLICE_H
#define COMMON_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Slice {
    const uint8_t *data;
    size_t size;
} Slice;

static inline Slice slice_of(const void *data, size_t size)
{
    return (Slice){data, size};
}

/* The bytes of a C string, without its terminator. */
static inline Slice slice_text(const char *text)
{
    return (Slice){(const uint8_t *)text, strlen(text)};
}

static inline bool slice_equal(Slice a, Slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Whether the bytes contain the part. */
static inline bool slice_contains(Slice bytes, Slice part)
{
    for (size_t i = 0; i + part.size <= bytes.size; i++) {
        if (slice_equal(slice_of(bytes.data + i, part.size), part)) {
            return true;
        }
    }
    return false;
}

#endif
