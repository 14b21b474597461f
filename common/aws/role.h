/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of a role, issued by AWS's Security Token Service (STS) to a caller that has other
 * credentials or a web identity token, as EKS pods do.  Part of common/aws/provider_chain.h.
 *
 * Source: AWS STS API reference, AssumeRole and AssumeRoleWithWebIdentity.
 */
#ifndef COMMON_AWS_ROLE_H
#define COMMON_AWS_ROLE_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Texts are borrowed. */
typedef struct AwsRole {
    const char *arn;
    const char *session_name;     /* NULL: our default */
    const char *external_id;      /* NULL: none */
    const AwsCredentials *source; /* credentials to assume the role with; NULL: the token is used */
    const char *token_file;       /* with a web identity token; read anew each time */
} AwsRole;

/* Assumes the role, in the region that aws_region_find returns or else globally.  Free the
 * credentials even after a failure.  EXIT_CODE_REFUSED when STS refuses or the token cannot be
 * read; EXIT_CODE_CONNECTION when STS cannot be reached. */
bool aws_role_assume(HttpClient *client, const AwsRole *role, AwsCredentials *credentials,
                     Error *error);

#endif
