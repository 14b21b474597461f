/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of an object in an s3:// namespace: its bucket, key and URL.
 */
#ifndef EXPORT_SETTINGS_S3_ADDRESS_H
#define EXPORT_SETTINGS_S3_ADDRESS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/http/url.h"
#include "common/kv/storage_namespace.h"

/* The texts are owned; end with s3_address_free. */
typedef struct S3Address {
    char *bucket;
    char *key;
} S3Address;

/* The S3 server.  {0}: AWS. */
typedef struct S3Endpoint {
    bool is_given;
    UrlParts url;
    bool force_path_style;
} S3Endpoint;

/*
 * Finds the object `path` of an s3:// namespace, as lakeFS 0.70 does: the bucket is the host, and
 * the key is cleaned, as the path of each of its requests is (AWS SDK for Go, version 1:
 * private/protocol/rest, cleanPath).  Fails with EXIT_CODE_REFUSED if the namespace names no
 * bucket, or leads out of it.
 */
bool s3_address_find(const StorageNamespace *space, const char *path, S3Address *address,
                     Error *error);
void s3_address_free(S3Address *address);

/* Appends the URL of an object.  The bucket becomes part of the host name, as AWS prefers, unless
 * path style is forced, the host is an IP address, or the bucket's name has dots or capital
 * letters.
 */
bool s3_append_url(Buffer *url, const S3Endpoint *endpoint, const char *region,
                   const S3Address *address, Error *error);

#endif
