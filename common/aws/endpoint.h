/*
 * Where AWS's services are: at what the user or the environment names, or at AWS itself.
 *
 * Source: the AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
#ifndef COMMON_AWS_ENDPOINT_H
#define COMMON_AWS_ENDPOINT_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* The URL that an option names (NULL: none), else the service's variable, such as
 * "AWS_ENDPOINT_URL_S3", else AWS_ENDPOINT_URL.  NULL: AWS itself.  Borrowed. */
const char *aws_endpoint_find(const char *option, const char *variable);

/* Appends the name of AWS's own host of a service, such as "s3", in a region. */
bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error);

#endif
