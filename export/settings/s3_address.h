/*
 * Where an object of an s3:// namespace is: its bucket, its key, and the URL that asks for it.
 */
#ifndef EXPORT_SETTINGS_S3_ADDRESS_H
#define EXPORT_SETTINGS_S3_ADDRESS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/http/url.h"

/* Owned texts; end with s3_address_free. */
typedef struct S3Address {
    char *bucket;
    char *key;
} S3Address;

/* Where S3 is.  {0}: AWS's own servers. */
typedef struct S3Endpoint {
    bool is_given;
    UrlParts url;
    bool force_path_style;
} S3Endpoint;

/*
 * Takes apart the text behind "s3://" as lakeFS does (its block.ResolveNamespace): the bucket, then
 * a prefix whose percent-encoding is undone, without slashes at its ends, before `path`.
 * EXIT_CODE_REFUSED for what is no namespace.
 */
bool s3_address_parse(const char *location, const char *path, S3Address *address, Error *error);
void s3_address_free(S3Address *address);

/* Appends the URL of an object.  The bucket is a part of the host's name, as AWS wants it, unless
 * that is not to be or not possible: hosts that are addresses, and buckets with dots or capital
 * letters in their names. */
bool s3_append_url(Buffer *url, const S3Endpoint *endpoint, const char *region,
                   const S3Address *address, Error *error);

#endif
