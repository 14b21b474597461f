/*
 * Credentials of a role, which AWS's Security Token Service (STS) hands out: to who has other
 * credentials, or a token of another identity, as pods of EKS have one.  A part of
 * aws_credentials.h.
 *
 * Source: the AWS STS API reference, AssumeRole and AssumeRoleWithWebIdentity.
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
    const char *session_name;     /* NULL: one of ours */
    const char *external_id;      /* NULL: none */
    const AwsCredentials *source; /* whoever takes on the role; NULL: the token does */
    const char *token_file;       /* holds a token of a web identity, and is read anew each time */
} AwsRole;

/* Takes on the role, in the region that aws_region_find tells, else globally.  Credentials are to
 * be freed, also after a failure.  EXIT_CODE_REFUSED where STS does not allow it, or the token
 * cannot be read; EXIT_CODE_CONNECTION where it does not answer. */
bool aws_role_assume(HttpClient *client, const AwsRole *role, AwsCredentials *credentials,
                     Error *error);

#endif
