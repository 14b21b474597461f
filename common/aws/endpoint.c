/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/endpoint.h"

#include "common/base/environment.h"

#include <string.h>

const char *aws_endpoint_find(const char *option, const char *variable)
{
    const char *endpoint = option != NULL ? option : environment_variable(variable);

    return endpoint != NULL ? endpoint : environment_variable("AWS_ENDPOINT_URL");
}

bool aws_endpoint_split(const char *endpoint, const char *names, const char *example,
                        UrlParts *parts, Error *error)
{
    return url_split(endpoint, parts, error) ||
           (error->code != EXIT_CODE_USAGE
                ? false
                : error_hint(error,
                             "%s takes a URL that begins with https:// or http://, such as %s.",
                             names, example));
}

bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error)
{
    return buffer_append_format(url, error, "%s.%s.amazonaws.com%s", service, region,
                                strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}
