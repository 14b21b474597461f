/*
 * Finding credentials for AWS and what is like it, from where AWS's own tools take them:
 *
 * 1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 * 2. a role by a token of a web identity: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN;
 * 3. the profile AWS_PROFILE (or "default") of the shared files, see common/aws/profile.h: its
 * keys, or a role that another profile's, or a provider's, credentials take on;
 * 4. a container's provider: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI;
 * 5. the instance's metadata service (IMDSv2), unless AWS_EC2_METADATA_DISABLED is true.
 *
 * Profiles that ask for single sign-on, a second factor or a program are not for this module: who
 * needs one puts temporary credentials into the environment.
 *
 * Source: the AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */
#ifndef COMMON_AWS_PROVIDER_CHAIN_H
#define COMMON_AWS_PROVIDER_CHAIN_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Finds credentials.  The client is for the providers that are asked by HTTP.  EXIT_CODE_REFUSED
 * where there are none, or none that can be used. */
bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error);

#endif
