/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in HTML.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_HTML_H
#define SCRIPTS_SESSION_MIGRATE_HTML_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Appends text from outside, for the content of an element or an attribute in double quotes: what
 * HTML takes as markup is escaped, and what is not safe to show as in common/base/printable.h.
 * Newlines are kept. */
bool html_append(Buffer *html, Slice text, Error *error);

#endif
