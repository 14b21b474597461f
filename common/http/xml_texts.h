/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extracts texts from a small XML document, such as a response of S3 or STS.  The only place that
 * includes expat.h.
 */
#ifndef COMMON_HTTP_XML_TEXTS_H
#define COMMON_HTTP_XML_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* An element to find and where to store its text: `path` leads from the root, as in "Error/Code".
 * The text is truncated to `capacity`, and "" when there is no such element.  Control characters
 * become spaces.  If several elements match, the last one wins. */
typedef struct XmlText {
    const char *path;
    char *text;
    size_t capacity;
} XmlText;

/* Reads the document.  *valid is false when it is not well-formed; the texts are then those found
 * before the error.  False only when out of memory. */
bool xml_texts_read(Slice document, const XmlText *wanted, size_t count, bool *valid, Error *error);

#endif
