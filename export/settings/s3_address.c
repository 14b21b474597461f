/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/s3_address.h"

#include "common/aws/endpoint.h"

#include <stdlib.h>
#include <string.h>

static bool append_prefix(Buffer *key, const char *prefix, bool *valid, Error *error)
{
    size_t size = strcspn(prefix, "?");
    Buffer decoded = {0};
    const char *text;
    bool done;

    done = url_append_decoded(&decoded, slice_of(prefix, size), valid, error);
    text = buffer_string(&decoded);
    size = decoded.size;
    for (; *text == '/'; text++) {
        size--;
    }
    while (size > 0 && text[size - 1] == '/') {
        size--;
    }
    done = done && buffer_append(key, text, size, error) &&
           (size == 0 || buffer_append_text(key, "/", error));
    buffer_free(&decoded);
    return done;
}

bool s3_address_parse(const char *location, const char *path, S3Address *address, Error *error)
{
    size_t bucket_size = strcspn(location, "/?");
    Buffer key = {0};
    bool valid = true;
    bool done = append_prefix(&key, location + bucket_size, &valid, error) &&
                buffer_append_text(&key, path, error);

    *address = (S3Address){0};
    if (done && (!valid || bucket_size == 0)) {
        done = error_set(error, EXIT_CODE_REFUSED,
                         valid ? "it names no bucket" : "its percent-encoding is invalid");
    }
    if (done) {
        address->bucket = strndup(location, bucket_size);
        address->key = strdup(buffer_string(&key));
        done = (address->bucket != NULL && address->key != NULL) || error_out_of_memory(error);
    }
    if (!done) {
        s3_address_free(address);
    }
    buffer_free(&key);
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
