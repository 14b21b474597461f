/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the longest number: 64 bits in binary, with sign and prefix. */
enum { NUMBER_SIZE = 80 };

YamlBoolean yaml_scalar_boolean(const char *plain)
{
    static const char *const WORDS[][2] = {{"y", "n"},        {"Y", "N"},       {"yes", "no"},
                                           {"Yes", "No"},     {"YES", "NO"},    {"on", "off"},
                                           {"On", "Off"},     {"ON", "OFF"},    {"true", "false"},
                                           {"True", "False"}, {"TRUE", "FALSE"}};

    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strcmp(plain, WORDS[i][0]) == 0) {
            return YAML_TRUE;
        }
        if (strcmp(plain, WORDS[i][1]) == 0) {
            return YAML_FALSE;
        }
    }
    return YAML_NO_BOOLEAN;
}

/* Copies a scalar without its underscores.  False if it cannot be a number. */
static bool copy_number(const char *plain, char number[NUMBER_SIZE])
{
    size_t size = 0;

    if (!isdigit((unsigned char)plain[0]) && strchr("+-.", plain[0]) == NULL) {
        return false;
    }
    for (; *plain != '\0'; plain++) {
        if (*plain != '_') {
            if (size + 1 >= NUMBER_SIZE) {
                return false;
            }
            number[size++] = *plain;
        }
    }
    number[size] = '\0';
    return size > 0;
}

/* Returns the base of an integer and moves *digits past its prefix. */
static int base_of(const char **digits)
{
    const char *text = *digits;

    if (text[0] != '0' || text[1] == '\0') {
        return 10;
    }
    *digits += 2;
    switch (text[1]) {
    case 'x':
    case 'X':
        return 16;
    case 'o':
    case 'O':
        return 8;
    case 'b':
    case 'B':
        return 2;
    default:
        *digits -= 1;
        return 8;
    }
}

/* Reads an integer of at most 64 bits. */
static bool read_integer(const char *number, bool *negative, uint64_t *value)
{
    const char *digits = number + (number[0] == '+' || number[0] == '-' ? 1 : 0);
    int base = base_of(&digits);
    char *end;

    if (!isxdigit((unsigned char)digits[0])) {
        return false;
    }
    errno = 0;
    *negative = number[0] == '-';
    *value = strtoull(digits, &end, base);
    return *end == '\0' && errno == 0 && (!*negative || *value <= (uint64_t)INT64_MAX + 1) &&
           (number[0] != '+' || *value <= INT64_MAX);
}

/* Checks for a decimal number with or without fraction and exponent. */
static bool is_decimal(const char *number)
{
    const char *p = number + (number[0] == '+' || number[0] == '-' ? 1 : 0);
    size_t before = strspn(p, "0123456789");
    size_t after = 0;

    p += before;
    if (*p == '.') {
        after = strspn(p + 1, "0123456789");
        p += 1 + after;
    }
    if (before + after == 0) {
        return false;
    }
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        if (!isdigit((unsigned char)*p)) {
            return false;
        }
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

bool yaml_scalar_is_newer_number(const char *plain)
{
    char number[NUMBER_SIZE];

    return copy_number(plain, number) && strncmp(number, "0o", 2) == 0 &&
           (number[2] == '+' || number[2] == '-') && isdigit((unsigned char)number[3]) &&
           number[3 + strspn(number + 3, "01234567")] == '\0';
}

static bool append_zeros(Buffer *text, int count, Error *error)
{
    for (; count > 0; count--) {
        if (!buffer_append_text(text, "0", error)) {
            return false;
        }
    }
    return true;
}

/* Appends the shortest decimal that reads back as the value, without an exponent. */
static bool append_decimal(double value, Buffer *text, Error *error)
{
    char shortest[40];
    char digits[40];
    size_t count = 0;
    int point;

    for (int precision = 0; precision <= 16; precision++) {
        snprintf(shortest, sizeof shortest, "%.*e", precision, fabs(value));
        if (strtod(shortest, NULL) == fabs(value)) {
            break;
        }
    }
    for (const char *p = shortest; *p != 'e'; p++) {
        if (isdigit((unsigned char)*p)) {
            digits[count++] = *p;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    /* Number of digits before the decimal point. */
    point = atoi(strchr(shortest, 'e') + 1) + 1;
    if (signbit(value) && !buffer_append_text(text, "-", error)) {
        return false;
    }
    if (point <= 0) {
        return buffer_append_text(text, "0.", error) && append_zeros(text, -point, error) &&
               buffer_append(text, digits, count, error);
    }
    if ((size_t)point >= count) {
        return buffer_append(text, digits, count, error) &&
               append_zeros(text, point - (int)count, error);
    }
    return buffer_append(text, digits, (size_t)point, error) &&
           buffer_append_text(text, ".", error) &&
           buffer_append(text, digits + point, count - (size_t)point, error);
}

bool yaml_scalar_append(const char *plain, Buffer *text, Error *error)
{
    char number[NUMBER_SIZE];
    YamlBoolean boolean = yaml_scalar_boolean(plain);
    bool negative;
    uint64_t value;

    if (boolean != YAML_NO_BOOLEAN) {
        return buffer_append_text(text, boolean == YAML_TRUE ? "1" : "0", error);
    }
    if (copy_number(plain, number)) {
        if (read_integer(number, &negative, &value)) {
            return buffer_append_format(text, error, "%s%" PRIu64, negative && value > 0 ? "-" : "",
                                        value);
        }
        if (is_decimal(number) && isfinite(strtod(number, NULL))) {
            return append_decimal(strtod(number, NULL), text, error);
        }
    }
    return buffer_append_text(text, plain, error);
}
