/*
 * What S3 says when it does not hand out an object: an XML document with a code and a message.
 *
 * Source: Amazon S3 API Reference, "Error responses".
 */
#ifndef EXPORT_SETTINGS_S3_ERROR_RESPONSE_H
#define EXPORT_SETTINGS_S3_ERROR_RESPONSE_H

#include <stdbool.h>

#include "common/base/slice.h"

/* Texts are "" where the document has none, and cut where they are longer than any that S3 writes.
 * Control characters are blanks. */
typedef struct S3ErrorResponse {
    char code[64];
    char message[512];
    char region[64];    /* where the bucket is, if not where it was looked for */
    bool out_of_memory; /* for reading it; the texts are "" */
} S3ErrorResponse;

/* False, with an empty response, for what is no such document. */
bool s3_error_response_parse(Slice document, S3ErrorResponse *response);

#endif
