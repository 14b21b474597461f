/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints of AWS services: those that the user or the environment names, or AWS's own.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
#ifndef COMMON_AWS_ENDPOINT_H
#define COMMON_AWS_ENDPOINT_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Returns the URL from an option (NULL: not given), from the service's variable, such as
 * "AWS_ENDPOINT_URL_S3", or from AWS_ENDPOINT_URL; NULL means AWS's own.  Borrowed. */
const char *aws_endpoint_find(const char *option, const char *variable);

/* Appends AWS's own host name for a service, such as "s3", in a region. */
bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error);

#endif
