/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of texts: the words of a command, or the settings of its environment.
 * {0} is an empty one.
 */
#ifndef COMMON_BASE_WORDS_H
#define COMMON_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

typedef struct Words {
    char **items; /* owned; ends with NULL, as execv wants it, unless it is empty */
    size_t count;
} Words;

/* Adds a copy of a text, or what a format makes. */
bool words_add(Words *words, const char *text, Error *error);
bool words_add_format(Words *words, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds those of another list. */
bool words_add_all(Words *words, const Words *more, Error *error);

/* Wipes and frees them, as one may be a password, and leaves an empty list. */
void words_free(Words *words);

#endif
