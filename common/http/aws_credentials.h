/*
 * Credentials and region for AWS and what is like it, from where AWS's own tools take them:
 *
 * 1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 * 2. the profile AWS_PROFILE (or "default") of the shared files, see aws_profile.h;
 * 3. a container's provider: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI;
 * 4. the instance's metadata service (IMDSv2), unless AWS_EC2_METADATA_DISABLED is true.
 *
 * Profiles that ask for a role, for single sign-on or for a program, and tokens of a web identity,
 * are not for this module: who needs one puts temporary credentials into the environment.
 *
 * Source: the AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */
#ifndef COMMON_HTTP_AWS_CREDENTIALS_H
#define COMMON_HTTP_AWS_CREDENTIALS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/http/client.h"

/* Texts are owned; end with aws_credentials_free. */
typedef struct AwsCredentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL: none */
    char *source;        /* where they are from, for messages */
} AwsCredentials;

/* Finds credentials.  The client is for the providers that are asked by HTTP.  EXIT_CODE_REFUSED
 * where there are none, or none that can be used. */
bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error);

/* Whether they are the same, wherever they are from. */
bool aws_credentials_equal(const AwsCredentials *one, const AwsCredentials *other);

/* Finds the region: AWS_REGION, AWS_DEFAULT_REGION, that of the profile.  *region (owned by the
 * caller) is NULL where nothing says it. */
bool aws_region_find(char **region, Error *error);

/* Whether a text can be the name of a region: it becomes part of names of hosts. */
bool aws_region_is_valid(const char *region);

/* Wipes and frees the texts. */
void aws_credentials_free(AwsCredentials *credentials);

#endif
