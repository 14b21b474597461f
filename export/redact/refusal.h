/*
 * The error of an entry that cannot be redacted because what it holds is not known.
 */
#ifndef EXPORT_REDACT_REFUSAL_H
#define EXPORT_REDACT_REFUSAL_H

#include <stdbool.h>

#include "common/base/error.h"

/* EXIT_CODE_FAILED, with the formatted problem and what to do.  Always returns false. */
bool redact_refused(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
