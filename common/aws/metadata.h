/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credential providers reached by HTTP: the container provider (ECS, EKS) and the instance metadata
 * service (EC2, IMDSv2).  Part of common/aws/provider_chain.h.
 */
#ifndef COMMON_AWS_METADATA_H
#define COMMON_AWS_METADATA_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Appends the URL of the container provider, or nothing when the environment names none.
 * EXIT_CODE_REFUSED for plain HTTP to another machine, since a token is sent there. */
bool aws_container_url(Buffer *url, Error *error);

/* Requests credentials from the container provider; *found is false when the environment names
 * none. */
bool aws_container_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                               Error *error);

/* Requests credentials from the instance metadata service; *found is false when there is no service
 * or it has no credentials. */
bool aws_instance_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                              Error *error);

#endif
