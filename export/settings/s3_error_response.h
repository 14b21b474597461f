/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3's error responses: XML documents with a code and a message.
 *
 * Source: Amazon S3 API Reference, "Error responses".
 */
#ifndef EXPORT_SETTINGS_S3_ERROR_RESPONSE_H
#define EXPORT_SETTINGS_S3_ERROR_RESPONSE_H

#include <stdbool.h>

#include "common/base/slice.h"

/* Texts are "" if missing from the document, and truncated if longer than any that S3 writes (its
 * message for a denied key names two resources of up to 2048 bytes).
 * Control characters are replaced with blanks. */
typedef struct S3ErrorResponse {
    char code[64];
    char message[8192];
    char region[64];    /* the bucket's region, if another one */
    bool out_of_memory; /* while parsing; the texts are "" */
} S3ErrorResponse;

/* False, with an empty response, if the document is not an error response. */
bool s3_error_response_parse(Slice document, S3ErrorResponse *response);

#endif
