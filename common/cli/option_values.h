/*
 * The values that options take.
 *
 * Each function reads `text`, the argument of the option `name` ("--jobs").  False with
 * EXIT_CODE_USAGE, and what the option does take.
 */
#ifndef COMMON_CLI_OPTION_VALUES_H
#define COMMON_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

/* Reads a time such as "500ms", "10s", "2min", "1h", or a bare number of milliseconds. */
bool option_duration(const char *name, const char *text, int *milliseconds, Error *error);

/* Reads a whole number between two limits. */
bool option_number(const char *name, const char *text, long lowest, long highest, long *number,
                   Error *error);

/* Finds the text among words that are separated by blanks; *index counts from 0. */
bool option_word(const char *name, const char *text, const char *words, size_t *index,
                 Error *error);

#endif
