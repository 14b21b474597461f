/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error for an entry that cannot be redacted because its content is unknown.
 */
#ifndef EXPORT_REDACT_REFUSAL_H
#define EXPORT_REDACT_REFUSAL_H

#include <stdbool.h>

#include "common/base/error.h"

/* Sets EXIT_CODE_FAILED with the formatted problem and a hint, to which
 * redactor_entry adds how to leave the package out.  Always returns false. */
bool redact_refused(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
