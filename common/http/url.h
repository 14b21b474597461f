/*
 * URLs: their parts, and their percent-encoding.
 */
#ifndef COMMON_HTTP_URL_H
#define COMMON_HTTP_URL_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Texts are owned; end with url_free.  {0} is empty. */
typedef struct UrlParts {
    char *scheme; /* "http" or "https" */
    char *host;   /* an IPv6 address with its brackets */
    char *port;   /* NULL where none is written */
    char *path;   /* begins with "/", as it is written; without slashes at its end, so "" for "/" */
    bool is_address; /* the host is an address, not a name */
} UrlParts;

/* Takes a URL of HTTP apart; one without a scheme is https.  EXIT_CODE_USAGE for what is none, and
 * for user, password, query and fragment, for which there is no use. */
bool url_split(const char *url, UrlParts *parts, Error *error);
void url_free(UrlParts *parts);

/* Appends a path, with all but letters, digits, "-._~" and "/" percent-encoded: as RFC 3986 allows,
 * and as S3 wants it signed. */
bool url_append_path(Buffer *url, Slice path, Error *error);

/* Appends a value of a query or a form: the "/" is encoded, too. */
bool url_append_value(Buffer *url, Slice value, Error *error);

/* Appends text with its percent-encoding undone.  *valid is false where a "%" is not followed by
 * two hexadecimal digits, or the text would hold a NUL. */
bool url_append_decoded(Buffer *text, Slice encoded, bool *valid, Error *error);

#endif
