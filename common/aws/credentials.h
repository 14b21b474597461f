/*
 * Credentials and region for AWS and what is like it, from where AWS's own tools take them:
 *
 * 1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 * 2. a role by a token of a web identity: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN;
 * 3. the profile AWS_PROFILE (or "default") of the shared files, see aws_profile.h: its keys, or a
 *    role that another profile's, or a provider's, credentials take on;
 * 4. a container's provider: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI;
 * 5. the instance's metadata service (IMDSv2), unless AWS_EC2_METADATA_DISABLED is true.
 *
 * Profiles that ask for single sign-on, a second factor or a program are not for this module: who
 * needs one puts temporary credentials into the environment.
 *
 * Source: the AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */
#ifndef COMMON_AWS_CREDENTIALS_H
#define COMMON_AWS_CREDENTIALS_H

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
bool aws_credentials_are_in(const AwsCredentials *credentials, const char *text);

/* Finds the region: AWS_REGION, AWS_DEFAULT_REGION, that of the profile.  *region (owned by the
 * caller) is NULL where nothing says it. */
bool aws_region_find(char **region, Error *error);

/* Whether a text can be the name of a region: it becomes part of names of hosts. */
bool aws_region_is_valid(const char *region);

/* Wipes and frees the texts. */
void aws_credentials_free(AwsCredentials *credentials);

#endif
