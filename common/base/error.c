/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_part(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void format_part(char *text, size_t size, const char *format, va_list arguments)
{
    vsnprintf(text, size, format, arguments);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--) {
        text[n - 1] = '\0';
    }
}

bool error_set(Error *error, ExitCode code, const char *format, ...)
{
    va_list arguments;

    error->code = code;
    error->detail[0] = '\0';
    error->hint[0] = '\0';
    error->input_ended = false;
    error->lock_timeout = false;
    va_start(arguments, format);
    format_part(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

bool error_detail(Error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_part(error->detail, sizeof error->detail, format, arguments);
    va_end(arguments);
    return false;
}

bool error_hint(Error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_part(error->hint, sizeof error->hint, format, arguments);
    va_end(arguments);
    return false;
}

bool error_out_of_memory(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "out of memory");
}
