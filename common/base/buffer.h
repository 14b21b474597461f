/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer.  {0} is an empty one; buffer_free makes it empty again.
 */
#ifndef COMMON_BASE_BUFFER_H
#define COMMON_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct Buffer {
    uint8_t *data; /* owned; NULL while capacity is 0 */
    size_t size;   /* bytes in use */
    size_t capacity;
} Buffer;

/* Makes room for `more` bytes after those in use.  On failure (out of memory) the contents stay. */
bool buffer_reserve(Buffer *buffer, size_t more, Error *error);

/* Appends bytes.  `data` may be NULL when size is 0; it must not point into the buffer. */
bool buffer_append(Buffer *buffer, const void *data, size_t size, Error *error);

/* Appends a C string without its terminator. */
bool buffer_append_text(Buffer *buffer, const char *text, Error *error);

/* Appends formatted text. */
bool buffer_append_format(Buffer *buffer, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool buffer_append_vformat(Buffer *buffer, Error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Returns the contents as a C string, valid until the buffer changes.  Cannot fail: room for the
 * terminating NUL is always reserved.  The NUL is not part of the contents. */
const char *buffer_string(Buffer *buffer);

/* Returns the contents as a malloced C string and leaves an empty buffer; "" for an empty one. NULL
 * when out of memory, and the buffer stays as it was. */
char *buffer_take(Buffer *buffer, Error *error);

static inline Slice buffer_slice(const Buffer *buffer)
{
    return slice_of(buffer->data, buffer->size);
}

/* Frees the memory and leaves an empty buffer. */
void buffer_free(Buffer *buffer);

/* Like buffer_free, but overwrites the memory first.  For secrets. */
void buffer_wipe(Buffer *buffer);

#endif
