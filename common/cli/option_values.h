/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses option values.
 *
 * Each function parses `text`, the argument of the option `name` ("--jobs").  False with
 * EXIT_CODE_USAGE and a message that says what the option accepts.
 */
#ifndef COMMON_CLI_OPTION_VALUES_H
#define COMMON_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

/* Parses a duration such as "500ms", "10s", "2min", "1h", or a number of milliseconds. */
bool option_duration(const char *name, const char *text, int *milliseconds, Error *error);

/* Parses a whole number between two limits. */
bool option_number(const char *name, const char *text, long lowest, long highest, long *number,
                   Error *error);

/* Finds the text in a space-separated list of words; *index counts from 0. */
bool option_word(const char *name, const char *text, const char *words, size_t *index,
                 Error *error);

/* Sets an option that was not given, unless the value is NULL or empty. */
void option_set_default(const char **option, const char *value);

#endif
