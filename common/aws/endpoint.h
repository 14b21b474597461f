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
#include "common/http/url.h"

/* Returns the URL from an option (NULL: not given), from the service's variable, such as
 * "AWS_ENDPOINT_URL_S3", or from AWS_ENDPOINT_URL; NULL means AWS's own.  Borrowed. */
const char *aws_endpoint_find(const char *option, const char *variable);

/*
 * Splits an endpoint's URL (url_split), with `names`, the option and variables that may have given
 * it, and an example of a URL in the hint: EXIT_CODE_USAGE.  End with url_free, also after a
 * failure.
 */
bool aws_endpoint_split(const char *endpoint, const char *names, const char *example,
                        UrlParts *parts, Error *error);

/* Appends AWS's own host name for a service, such as "s3", in a region. */
bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error);

#endif
