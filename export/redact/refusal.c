/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool redact_refused(Error *error, const char *format, ...)
{
    char problem[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    error_set(error, EXIT_CODE_FAILED, "could not redact an entry: %s", problem);
    return error_hint(error, "Only known kinds of content can be redacted. Fix the row.");
}
