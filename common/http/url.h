/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses and percent-encodes URLs.
 */
#ifndef COMMON_HTTP_URL_H
#define COMMON_HTTP_URL_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Strings are owned; free with url_free.  {0} is empty. */
typedef struct UrlParts {
    char *scheme; /* "http" or "https" */
    char *host;   /* an IPv6 address includes its brackets */
    char *port;   /* NULL: not given */
    char *path;   /* starts with "/", still encoded; trailing slashes are removed, so "" for "/" */
    bool is_address; /* the host is an IP address */
} UrlParts;

/* Splits an HTTP URL.  EXIT_CODE_USAGE when it is not valid, has no scheme (which nobody should
 * have to guess: credentials depend on it), or has a user, password, query or fragment, which make
 * no sense for an endpoint. */
bool url_split(const char *url, UrlParts *parts, Error *error);
void url_free(UrlParts *parts);

/* Appends the URL of a server again, without a slash at its end.  `label`, unless it is "", becomes
 * the first label of the host name. */
bool url_append_server(Buffer *url, const UrlParts *parts, const char *label, Error *error);

/* Appends a path and percent-encodes everything except letters, digits, "-._~" and "/": as RFC 3986
 * allows and as S3 expects for signing. */
bool url_append_path(Buffer *url, Slice path, Error *error);

/* The same for a value in a query or form: "/" is encoded, too. */
bool url_append_value(Buffer *url, Slice value, Error *error);

/* Appends the percent-decoded text.  *valid is false when a "%" is not followed by two hexadecimal
 * digits or the result would contain a NUL. */
bool url_append_decoded(Buffer *text, Slice encoded, bool *valid, Error *error);

#endif
