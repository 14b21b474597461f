/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/provider_chain.h"

#include "common/aws/metadata.h"
#include "common/aws/profile_credentials.h"
#include "common/aws/role.h"
#include "common/base/environment.h"

/* EKS gives its pods such a token. */
static bool find_by_web_identity(HttpClient *client, AwsCredentials *credentials, bool *found,
                                 Error *error)
{
    AwsRole role = {.arn = environment_variable("AWS_ROLE_ARN"),
                    .session_name = environment_variable("AWS_ROLE_SESSION_NAME"),
                    .token_file = environment_variable("AWS_WEB_IDENTITY_TOKEN_FILE")};

    *found = role.token_file != NULL;
    if (!*found) {
        return true;
    }
    if (role.arn == NULL) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
    }
    return aws_role_assume(client, &role, credentials, error);
}

bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error)
{
    bool found = false;

    *credentials = (AwsCredentials){0};
    if (!aws_environment_credentials(credentials, &found, error) ||
        (!found && !find_by_web_identity(client, credentials, &found, error)) ||
        (!found && !aws_profile_credentials(client, credentials, &found, error)) ||
        (!found && !aws_container_credentials(client, credentials, &found, error)) ||
        (!found && !aws_instance_credentials(client, credentials, &found, error))) {
        aws_credentials_free(credentials);
        return false;
    }
    if (!found) {
        error_set(error, EXIT_CODE_REFUSED, "no credentials were found");
        return error_hint(error,
                          "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile "
                          "of ~/.aws/credentials by AWS_PROFILE.");
    }
    return true;
}
