/*
 * What S3 says when it does not hand out an object: an XML document with a code and a message.
 *
 * Source: Amazon S3 API Reference, "Error responses".
 */
#ifndef EXPORT_SETTINGS_S3_ANSWER_H
#define EXPORT_SETTINGS_S3_ANSWER_H

#include <stdbool.h>

#include "common/base/slice.h"

/* Texts are "" where the document has none, and cut where they are longer than any that S3 writes.
 * Control characters are blanks. */
typedef struct S3Answer {
    char code[64];
    char message[512];
    char region[64];    /* where the bucket is, if not where it was looked for */
    bool lacked_memory; /* for reading it; the texts are "" */
} S3Answer;

/* False, with an empty answer, for what is no such document. */
bool s3_answer_parse(Slice document, S3Answer *answer);

#endif
