/*
 * Credentials for AWS and what is like it.  Where they are found is in common/aws/provider_chain.h.
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
    char *source;        /* where they are from, for messages */
} AwsCredentials;

/* Fills empty credentials with copies of the texts; session_token may be NULL.  They are to be
 * freed, also after a failure. */
bool aws_credentials_set(AwsCredentials *credentials, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         const char *source, Error *error);

/* Those of the environment alone; *found is false where there are none. */
bool aws_environment_credentials(AwsCredentials *credentials, bool *found, Error *error);

/* Whether they are the same, wherever they are from. */
bool aws_credentials_equal(const AwsCredentials *one, const AwsCredentials *other);

/* Whether any of them stands in a text: an odd server might repeat what it was sent. */
bool aws_credentials_occur_in(const AwsCredentials *credentials, const char *text);

/* Wipes and frees the texts. */
void aws_credentials_free(AwsCredentials *credentials);

#endif
