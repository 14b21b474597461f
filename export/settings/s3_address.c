/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/s3_address.h"

#include "common/aws/endpoint.h"
#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>

bool s3_address_find(const StorageNamespace *space, const char *path, S3Address *address,
                     Error *error)
{
    Buffer key = {0};
    Buffer clean = {0};
    bool done;

    *address = (S3Address){0};
    /* A request's path would be cleaned of such a bucket. */
    if (space->host[0] == '\0' || strcmp(space->host, ".") == 0 || strcmp(space->host, "..") == 0) {
        return error_set(error, EXIT_CODE_REFUSED, "it names no bucket");
    }
    done = storage_namespace_append_key(space, path, &key, error) &&
           storage_path_append_clean(buffer_string(&key), &clean, error) &&
           (!storage_path_leads_out(buffer_string(&clean)) ||
            error_set(error, EXIT_CODE_REFUSED, "it leads out of its bucket")) &&
           text_copy(space->host, &address->bucket, error) &&
           text_copy(buffer_string(&clean), &address->key, error);
    if (!done) {
        s3_address_free(address);
    }
    buffer_free(&key);
    buffer_free(&clean);
    return done;
}

void s3_address_free(S3Address *address)
{
    free(address->bucket);
    free(address->key);
    *address = (S3Address){0};
}

/* Whether a bucket's name can be the first label of a host name that a wildcard certificate covers.
 */
static bool is_label(const char *bucket)
{
    size_t size = strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return size < 64 && bucket[size] == '\0';
}

/* Appends scheme and host, with the bucket as its first label unless that is "". */
static bool append_host(Buffer *url, const S3Endpoint *endpoint, const char *region,
                        const char *bucket, Error *error)
{
    if (endpoint->is_given) {
        return url_append_server(url, &endpoint->url, bucket, error);
    }
    return buffer_append_format(url, error, "https://%s%s", bucket, bucket[0] != '\0' ? "." : "") &&
           aws_endpoint_append_host(url, "s3", region, error);
}

bool s3_append_url(Buffer *url, const S3Endpoint *endpoint, const char *region,
                   const S3Address *address, Error *error)
{
    bool in_path =
        endpoint->force_path_style || endpoint->url.is_address || !is_label(address->bucket);

    if (!append_host(url, endpoint, region, in_path ? "" : address->bucket, error) ||
        !buffer_append_text(url, "/", error)) {
        return false;
    }
    if (in_path && (!url_append_path(url, slice_text(address->bucket), error) ||
                    !buffer_append_text(url, "/", error))) {
        return false;
    }
    return url_append_path(url, slice_text(address->key), error);
}
