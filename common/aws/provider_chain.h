/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds AWS credentials, in the order of AWS's own tools:
 *
 * 1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 * 2. a role assumed with a web identity token: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN;
 * 3. the profile AWS_PROFILE (or "default") of the shared files (common/aws/profile.h): its keys,
 *    those that its credential_process prints, or a role that it assumes;
 * 4. the container provider: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI;
 * 5. the instance metadata service (IMDSv2), unless AWS_EC2_METADATA_DISABLED is true.
 *
 * Profiles that need single sign-on or a second factor are not supported; a profile whose
 * credential_process is "aws configure export-credentials" can get at theirs.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */
#ifndef COMMON_AWS_PROVIDER_CHAIN_H
#define COMMON_AWS_PROVIDER_CHAIN_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Finds credentials; the client serves the HTTP providers.  EXIT_CODE_REFUSED when there are none,
 * or none that can be used. */
bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error);

#endif
