/*
 * Credentials of a profile: its keys, or those of a role that somebody else's credentials take on.
 * A part of aws_credentials.h.
 */
#ifndef COMMON_AWS_PROFILE_CREDENTIALS_H
#define COMMON_AWS_PROFILE_CREDENTIALS_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Finds those of the profile that is meant; *found is false where it has none and nobody has named
 * it.  EXIT_CODE_REFUSED where it gets them in a way that is not known here. */
bool aws_profile_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                             Error *error);

#endif
