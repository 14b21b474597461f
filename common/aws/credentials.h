/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS credentials. common/aws/provider_chain.h finds them.
 */
#ifndef COMMON_AWS_CREDENTIALS_H
#define COMMON_AWS_CREDENTIALS_H

#include <stdbool.h>

#include "common/base/error.h"

/* Texts are owned; end with aws_credentials_free. */
typedef struct AwsCredentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL: none */
    char *source;        /* where they come from, for messages */
} AwsCredentials;

/* Fills empty credentials with copies of the texts; session_token may be NULL.  Free them even
 * after a failure. */
bool aws_credentials_set(AwsCredentials *credentials, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         const char *source, Error *error);

/* Reads credentials from the environment only; *found is false when it has none. */
bool aws_environment_credentials(AwsCredentials *credentials, bool *found, Error *error);

/* Compares keys and token, but not the source. */
bool aws_credentials_equal(const AwsCredentials *one, const AwsCredentials *other);

/* Tells whether a text contains one of the secrets: a faulty server might echo what it was sent. */
bool aws_credentials_occur_in(const AwsCredentials *credentials, const char *text);

/* Wipes and frees the texts. */
void aws_credentials_free(AwsCredentials *credentials);

#endif
