/*
 * Requests by HTTP and HTTPS, from several threads at once.
 *
 * This folder is the only place that includes curl.h.  A client keeps connections open between
 * requests.  Redirections are not followed: a signature holds for one host.  A request ends when
 * the program is asked to stop (common/base/interrupt.h).  Proxies are those of the environment
 * (http_proxy, https_proxy, no_proxy), as curl takes them.
 *
 * Requests may be signed for AWS and what is like it (Signature Version 4).  libcurl signs; what
 * is to be known of it: a path is signed as it stands in the URL, so it must be encoded as S3 has
 * it (common/http/url.h), and a query too, with its parameters in order.
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

/* A time-out of 0 is the default: 10 s to connect, 60 s for a request in all. */
typedef struct HttpOptions {
    const char *user_agent;
    const char *ca_file; /* certificates that are trusted; NULL: the system's */
    int connect_timeout_ms;
    int timeout_ms;
} HttpOptions;

/* Who signs, and what for. */
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
    const char *const *headers; /* "Name: value", NULL behind the last; may be NULL */
    Slice body;
    size_t response_limit;      /* bytes; a larger body is an error */
    const HttpSigning *signing; /* NULL: not signed */
    bool direct;                /* by no proxy, whatever the environment says */
    int connect_timeout_ms;     /* 0: the client's */
    int timeout_ms;
} HttpRequest;

/* {0} is an empty response; end with http_response_free. */
typedef struct HttpResponse {
    long status; /* 0: there was no answer */
    Buffer body;
    Buffer headers;        /* lines, each ended by a NUL; see http_response_header */
    int64_t retry_after_s; /* when the server asks to come again; 0: it does not say */
    bool length_known; /* the end of the body is told by the server, not by a closed connection */
    bool may_succeed_later; /* without an answer: nothing says that it cannot work */
} HttpResponse;

/* The texts in `options` must stay. */
bool http_client_new(const HttpOptions *options, HttpClient **client, Error *error);
/* No request may be under way.  Takes NULL. */
void http_client_free(HttpClient *client);

/* Ends all requests, also future ones, from any thread.  Takes NULL. */
void http_client_stop(HttpClient *client);

/* Whether requests are to end: by http_client_stop, or as the program was asked to stop.  False
 * with the error set. */
bool http_client_check(const HttpClient *client, Error *error);

/*
 * Sends a request.  True when there is a whole answer, whatever its status.  Without one the code
 * is EXIT_CODE_CONNECTION when the server was not reached, or too slow, or lost; EXIT_CODE_REFUSED
 * when it cannot be trusted or the answer is too large.  What `response` held before is freed.
 */
bool http_send(HttpClient *client, const HttpRequest *request, HttpResponse *response,
               Error *error);

/* The value of a header; NULL where there is none.  Belongs to the response. */
const char *http_response_header(const HttpResponse *response, const char *name);

/* Takes an empty one. */
void http_response_free(HttpResponse *response);

#endif
