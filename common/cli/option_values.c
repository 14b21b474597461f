/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/option_values.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool option_number(const char *name, const char *text, long lowest, long highest, long *number,
                   Error *error)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *number < lowest || *number > highest) {
        return error_set(error, EXIT_CODE_USAGE,
                         "option %s takes a number from %ld to %ld, not \"%s\"", name, lowest,
                         highest, text);
    }
    return true;
}

bool option_duration(const char *name, const char *text, int *milliseconds, Error *error)
{
    static const struct {
        const char *unit;
        long factor;
    } UNITS[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (end != text && errno == 0 && number >= 0 && strcmp(end, UNITS[i].unit) == 0 &&
            number <= INT32_MAX / UNITS[i].factor) {
            *milliseconds = (int)(number * UNITS[i].factor);
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "option %s takes a time, not \"%s\"", name, text);
    return error_hint(error, "Write a whole number and ms, s, min or h, such as 10s.");
}

/* Formats a space-separated list as "a", "a or b", or "a, b or c". */
static void describe_words(const char *words, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    while (*words != '\0' && used < size) {
        size_t length = strcspn(words, " ");
        const char *next = words + length + strspn(words + length, " ");
        const char *joint = *next == '\0' ? "" : strchr(next, ' ') == NULL ? " or " : ", ";

        used += (size_t)snprintf(text + used, size - used, "%.*s%s", (int)length, words, joint);
        words = next;
    }
}

bool option_word(const char *name, const char *text, const char *words, size_t *index, Error *error)
{
    char known[128];
    const char *word = words;

    for (*index = 0; *word != '\0'; (*index)++) {
        size_t length = strcspn(word, " ");

        if (strlen(text) == length && strncmp(word, text, length) == 0) {
            return true;
        }
        word += length + strspn(word + length, " ");
    }
    describe_words(words, known, sizeof known);
    return error_set(error, EXIT_CODE_USAGE, "option %s takes %s, not \"%s\"", name, known, text);
}

void option_set_default(const char **option, const char *value)
{
    if (*option == NULL && value != NULL && value[0] != '\0') {
        *option = value;
    }
}
