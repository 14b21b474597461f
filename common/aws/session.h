/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that stay valid while the program runs: temporary ones expire and are then looked up
 * again.
 *
 * The container provider and the instance metadata service issue new ones in time, and a tool may
 * update the profile's files.  Thread-safe.
 */
#ifndef COMMON_AWS_SESSION_H
#define COMMON_AWS_SESSION_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

typedef struct AwsSession AwsSession;

/* Finds credentials (aws_credentials_find).  The client must outlive the session.  *session is NULL
 * after a failure. */
bool aws_session_open(HttpClient *client, AwsSession **session, Error *error);
/* Takes NULL. */
void aws_session_close(AwsSession *session);

/* Returns the newest credentials, valid until the session is closed. */
const AwsCredentials *aws_session_credentials(AwsSession *session);

/* Looks for credentials that differ from the expired ones.  Returns whether there are any. */
bool aws_session_renew(AwsSession *session, const AwsCredentials *expired);

#endif
