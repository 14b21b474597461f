/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/words.h"

#include "common/base/buffer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Takes ownership of an allocated text; NULL: the allocation failed. */
static bool add_owned(Words *words, char *text, Error *error)
{
    char **items;

    if (text == NULL) {
        return error_out_of_memory(error);
    }
    items = realloc(words->items, (words->count + 2) * sizeof *items);
    if (items == NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
        return error_out_of_memory(error);
    }
    words->items = items;
    words->items[words->count++] = text;
    words->items[words->count] = NULL;
    return true;
}

bool words_add(Words *words, const char *text, Error *error)
{
    return add_owned(words, strdup(text), error);
}

bool words_add_format(Words *words, Error *error, const char *format, ...)
{
    Buffer text = {0};
    va_list arguments;
    bool done;

    va_start(arguments, format);
    done = buffer_append_vformat(&text, error, format, arguments);
    va_end(arguments);
    return done && add_owned(words, buffer_take(&text, error), error);
}

bool words_add_all(Words *words, const Words *more, Error *error)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!words_add(words, more->items[i], error)) {
            return false;
        }
    }
    return true;
}

bool words_set_environment(const Words *settings, Error *error)
{
    for (size_t i = 0; i < settings->count; i++) {
        char *copy = strdup(settings->items[i]);

        if (copy == NULL) {
            return error_out_of_memory(error);
        }
        /* The environment keeps the copy. */
        if (strchr(copy, '=') == NULL) {
            unsetenv(copy);
            free(copy);
        } else if (putenv(copy) != 0) {
            free(copy);
            return error_out_of_memory(error);
        }
    }
    return true;
}

void words_free(Words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        explicit_bzero(words->items[i], strlen(words->items[i]));
        free(words->items[i]);
    }
    free(words->items);
    *words = (Words){0};
}
