/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of texts: the words of a command, or the settings of its environment.  Initialise
 * it with {0}.
 */
#ifndef COMMON_BASE_WORDS_H
#define COMMON_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

typedef struct Words {
    char **items; /* owned; NULL-terminated for execv, unless empty */
    size_t count;
} Words;

/* Adds a copy of a text, or a formatted text. */
bool words_add(Words *words, const char *text, Error *error);
bool words_add_format(Words *words, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the words of another list. */
bool words_add_all(Words *words, const Words *more, Error *error);

/* Changes this process's environment: NAME=VALUE sets, NAME unsets.  The environment holds copies.
 * Call it while there is one thread. */
bool words_set_environment(const Words *settings, Error *error);

/* Wipes and frees the words, one of which may be a password; the list is empty afterwards. */
void words_free(Words *words);

#endif
