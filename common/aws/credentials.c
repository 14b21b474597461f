/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/credentials.h"

#include "common/base/environment.h"
#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>

bool aws_credentials_set(AwsCredentials *credentials, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         const char *source, Error *error)
{
    return text_copy(access_key_id, &credentials->access_key_id, error) &&
           text_copy(secret_access_key, &credentials->secret_access_key, error) &&
           text_copy(session_token, &credentials->session_token, error) &&
           text_copy(source, &credentials->source, error);
}

bool aws_environment_credentials(AwsCredentials *credentials, bool *found, Error *error)
{
    const char *key = environment_variable("AWS_ACCESS_KEY_ID");
    const char *secret = environment_variable("AWS_SECRET_ACCESS_KEY");

    *found = key != NULL && secret != NULL;
    if (!*found) {
        return (key == NULL && secret == NULL) ||
               error_set(error, EXIT_CODE_REFUSED, "%s is set, but not %s",
                         key != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                         key != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    }
    return aws_credentials_set(credentials, key, secret, environment_variable("AWS_SESSION_TOKEN"),
                               "the environment", error);
}

static bool equal_texts(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

bool aws_credentials_equal(const AwsCredentials *one, const AwsCredentials *other)
{
    return equal_texts(one->access_key_id, other->access_key_id) &&
           equal_texts(one->secret_access_key, other->secret_access_key) &&
           equal_texts(one->session_token, other->session_token);
}

bool aws_credentials_occur_in(const AwsCredentials *credentials, const char *text)
{
    return strstr(text, credentials->access_key_id) != NULL ||
           strstr(text, credentials->secret_access_key) != NULL ||
           (credentials->session_token != NULL && strstr(text, credentials->session_token) != NULL);
}

static void free_secret(char **text)
{
    if (*text != NULL) {
        explicit_bzero(*text, strlen(*text));
    }
    free(*text);
    *text = NULL;
}

void aws_credentials_free(AwsCredentials *credentials)
{
    free_secret(&credentials->access_key_id);
    free_secret(&credentials->secret_access_key);
    free_secret(&credentials->session_token);
    free_secret(&credentials->source);
}
