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

/*
 * Finds the URL of a service, such as "s3": from an option (NULL: not given), else, in the order of
 * AWS's tools, from AWS_ENDPOINT_URL_S3, from AWS_ENDPOINT_URL, from the section that the profile's
 * `services` names, and from the profile's endpoint_url.  The option alone counts if
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, or ignore_configured_endpoint_urls of the profile, is true.
 *
 * *endpoint is owned by the caller; NULL means AWS's own.
 */
bool aws_endpoint_find(const char *option, const char *service, char **endpoint, Error *error);

/*
 * Splits an endpoint's URL (url_split), with `names`, the option, variables and settings that may
 * have given it, and an example of a URL in the hint: EXIT_CODE_USAGE.  End with url_free, also
 * after a failure.
 */
bool aws_endpoint_split(const char *endpoint, const char *names, const char *example,
                        UrlParts *parts, Error *error);

/* Appends AWS's own host name for a service, such as "s3", in a region. */
bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error);

#endif
