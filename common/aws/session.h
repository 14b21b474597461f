/*
 * Credentials for as long as a program works: temporary ones expire, and newer ones are looked for.
 *
 * A container's provider and an instance's metadata service make new ones in time, and so may
 * whoever keeps the profile's files.  Any thread may call the functions.
 */
#ifndef COMMON_AWS_SESSION_H
#define COMMON_AWS_SESSION_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"
#include "common/http/client.h"

typedef struct AwsSession AwsSession;

/* Finds credentials, see aws_credentials_find; the client must stay.  *session is NULL after a
 * failure. */
bool aws_session_open(HttpClient *client, AwsSession **session, Error *error);
/* Takes NULL. */
void aws_session_close(AwsSession *session);

/* The newest credentials; they stay until the session is closed. */
const AwsCredentials *aws_session_credentials(AwsSession *session);

/* Looks for others than those that have expired.  Whether there are any. */
bool aws_session_renew(AwsSession *session, const AwsCredentials *expired);

#endif
