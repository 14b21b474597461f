/*
 * The providers of credentials that answer by HTTP beside a program: that of a container (ECS, EKS)
 * and the metadata service of an instance (EC2, IMDSv2).  A part of aws_credentials.h.
 */
#ifndef COMMON_AWS_METADATA_H
#define COMMON_AWS_METADATA_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/http/client.h"

/* Appends the URL of the container's provider; nothing where the environment names none.
 * EXIT_CODE_REFUSED for one over plain HTTP that is not beside the program: a token goes there. */
bool aws_container_url(Buffer *url, Error *error);

/* Asks the container's provider; *found is false where the environment names none. */
bool aws_container_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                               Error *error);

/* Asks the instance's metadata service; *found is false where there is none, or it has none. */
bool aws_instance_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                              Error *error);

#endif
