/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP and HTTPS requests, from several threads at once.
 *
 * This folder is the only place that includes curl.h.  A client keeps connections open between
 * requests.  Redirects are not followed, as a signature is valid for one host only.  A request is
 * aborted when the program is asked to stop (common/base/interrupt.h).  Proxies come from the
 * environment (http_proxy, https_proxy, no_proxy), as curl interprets them.
 *
 * Requests can be signed for AWS and compatible servers (Signature Version 4). libcurl does the
 * signing: the path is signed as it appears in the URL, so it must be encoded the way S3 expects
 * (common/http/url.h), and so is the query, whose parameters must be sorted.
 */
#ifndef COMMON_HTTP_CLIENT_H
#define COMMON_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

typedef struct HttpClient HttpClient;

/* A timeout of 0 means the default: 10 s to connect, 60 s for a whole request. */
typedef struct HttpOptions {
    const char *user_agent;
    const char *ca_file; /* trusted certificates; NULL: the system's */
    int connect_timeout_ms;
    int timeout_ms;
} HttpOptions;

/* The parameters of a signature. */
typedef struct HttpSigning {
    const char *region;
    const char *service; /* "s3", "dynamodb" */
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL: none */
} HttpSigning;

typedef struct HttpRequest {
    const char *method; /* "GET", "POST" ... */
    const char *url;
    const char *const *headers; /* "Name: value", ending with NULL; may be NULL */
    Slice body;
    size_t response_limit;      /* bytes; a larger body is an error */
    const HttpSigning *signing; /* NULL: not signed */
    bool direct;                /* bypass the proxies of the environment */
    int connect_timeout_ms;     /* 0: the client's */
    int timeout_ms;
} HttpRequest;

/* {0} is an empty response; end with http_response_free. */
typedef struct HttpResponse {
    long status; /* 0: no response */
    Buffer body;
    Buffer headers;         /* lines, each ending with a NUL; see http_response_header */
    int64_t retry_after_s;  /* the server's Retry-After; 0: none */
    bool length_known;      /* the server stated the length: a truncated body is noticed */
    bool may_succeed_later; /* without a response: a retry may succeed */
} HttpResponse;

/* The strings in `options` must outlive the client. */
bool http_client_new(const HttpOptions *options, HttpClient **client, Error *error);
/* No request may be running.  Takes NULL. */
void http_client_free(HttpClient *client);

/* Aborts all requests, including future ones.  Any thread may call it.  Takes NULL. */
void http_client_stop(HttpClient *client);

/* Returns false, with the error set, when requests must end: after http_client_stop, or when the
 * program was asked to stop. */
bool http_client_check(const HttpClient *client, Error *error);

/*
 * Sends a request.  True when a complete response arrived, whatever its status.  Otherwise
 * EXIT_CODE_CONNECTION when the server could not be reached, was too slow or dropped the
 * connection; EXIT_CODE_REFUSED when it cannot be trusted or the response is too large.  Frees what
 * `response` held before.
 */
bool http_send(HttpClient *client, const HttpRequest *request, HttpResponse *response,
               Error *error);

/* Returns the value of a header, borrowed from the response; NULL when it is missing. */
const char *http_response_header(const HttpResponse *response, const char *name);

/* Takes an empty response. */
void http_response_free(HttpResponse *response);

#endif
