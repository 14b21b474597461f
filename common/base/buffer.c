/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buffer_reserve(Buffer *buffer, size_t more, Error *error)
{
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    uint8_t *data;

    /* One byte is reserved for the NUL of buffer_string. */
    if (more < buffer->capacity - buffer->size) {
        return true;
    }
    if (more > SIZE_MAX / 2 - 1 - buffer->size) {
        return error_out_of_memory(error);
    }
    while (capacity - buffer->size <= more) {
        capacity *= 2;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return error_out_of_memory(error);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(Buffer *buffer, const void *data, size_t size, Error *error)
{
    if (!buffer_reserve(buffer, size, error)) {
        return false;
    }
    if (size > 0) {
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
    }
    return true;
}

bool buffer_append_text(Buffer *buffer, const char *text, Error *error)
{
    return buffer_append(buffer, text, strlen(text), error);
}

bool buffer_append_vformat(Buffer *buffer, Error *error, const char *format, va_list arguments)
{
    va_list measured;
    int size;

    va_copy(measured, arguments);
    size = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (size < 0 || !buffer_reserve(buffer, (size_t)size + 1, error)) {
        return size < 0 ? error_out_of_memory(error) : false;
    }
    vsnprintf((char *)buffer->data + buffer->size, (size_t)size + 1, format, arguments);
    buffer->size += (size_t)size;
    return true;
}

bool buffer_append_format(Buffer *buffer, Error *error, const char *format, ...)
{
    va_list arguments;
    bool done;

    va_start(arguments, format);
    done = buffer_append_vformat(buffer, error, format, arguments);
    va_end(arguments);
    return done;
}

const char *buffer_string(Buffer *buffer)
{
    if (buffer->data == NULL) {
        return "";
    }
    buffer->data[buffer->size] = '\0';
    return (const char *)buffer->data;
}

char *buffer_take(Buffer *buffer, Error *error)
{
    char *text;

    if (!buffer_reserve(buffer, 0, error)) {
        return NULL;
    }
    buffer->data[buffer->size] = '\0';
    text = (char *)buffer->data;
    *buffer = (Buffer){0};
    return text;
}

void buffer_free(Buffer *buffer)
{
    free(buffer->data);
    *buffer = (Buffer){0};
}

void buffer_wipe(Buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->capacity);
    }
    buffer_free(buffer);
}
