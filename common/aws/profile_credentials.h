/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of a profile: its keys, those that its credential_process prints, or those of a role
 * that it assumes.  Part of
 * common/aws/provider_chain.h.
 */
#ifndef COMMON_AWS_PROFILE_CREDENTIALS_H
#define COMMON_AWS_PROFILE_CREDENTIALS_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Finds the credentials of the current profile; *found is false when it has none and the
 * environment does not name it.  EXIT_CODE_REFUSED when the profile uses an unsupported
 * provider. */
bool aws_profile_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                             Error *error);

#endif
