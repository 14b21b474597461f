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
    error_set(error, EXIT_CODE_FAILED, "an entry cannot be redacted: %s", problem);
    return error_hint(error, "Nothing leaves redacted that is not known here. Put the row right, "
                             "or leave its package out with --package (branch protection rules "
                             "with --no-settings).");
}
