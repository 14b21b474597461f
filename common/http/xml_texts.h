/*
 * Texts of a small XML document, such as an answer of S3's or STS's.  The only place that includes
 * expat.h.
 */
#ifndef COMMON_HTTP_XML_TEXTS_H
#define COMMON_HTTP_XML_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* What is looked for, and where it goes: the text of the element at this path from the root, such
 * as "Error/Code", cut at the capacity; "" where there is none.  Control characters become blanks.
 * Of several elements at one path the last one counts. */
typedef struct XmlText {
    const char *path;
    char *text;
    size_t capacity;
} XmlText;

/* Reads the document.  *valid is false where it is no XML: then the texts are those of its
 * beginning.  False for want of memory. */
bool xml_texts_read(Slice document, const XmlText *wanted, size_t count, bool *valid, Error *error);

#endif
