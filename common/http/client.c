/* SPDX-License-Identifier: Apache-2.0 */
#include "common/http/client.h"

#include "common/base/digest.h"
#include "common/base/interrupt.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_TIMEOUT_MS = 10 * 1000, TIMEOUT_MS = 60 * 1000, HEADERS_LIMIT = 64 * 1024 };

/* A libcurl handle with its connections. */
typedef struct Handle {
    CURL *curl;
    struct Handle *next;
} Handle;

struct HttpClient {
    HttpOptions options;
    atomic_bool stopped;
    pthread_mutex_t mutex; /* guards what follows */
    Handle *idle;
};

/* State of the libcurl callbacks. */
typedef struct Transfer {
    HttpClient *client;
    const HttpRequest *request;
    HttpResponse *response;
    struct curl_slist *headers;
    bool headers_ended;
    bool too_large;
    bool lacks_memory;
    char reason[CURL_ERROR_SIZE];
} Transfer;

bool http_client_new(const HttpOptions *options, HttpClient **client, Error *error)
{
    *client = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return error_set(error, EXIT_CODE_FAILED, "could not initialize libcurl");
    }
    *client = calloc(1, sizeof **client);
    if (*client == NULL) {
        curl_global_cleanup();
        return error_out_of_memory(error);
    }
    (*client)->options = *options;
    atomic_init(&(*client)->stopped, false);
    pthread_mutex_init(&(*client)->mutex, NULL);
    return true;
}

void http_client_free(HttpClient *client)
{
    if (client == NULL) {
        return;
    }
    while (client->idle != NULL) {
        Handle *next = client->idle->next;

        curl_easy_cleanup(client->idle->curl);
        free(client->idle);
        client->idle = next;
    }
    pthread_mutex_destroy(&client->mutex);
    free(client);
    curl_global_cleanup();
}

void http_client_stop(HttpClient *client)
{
    if (client != NULL) {
        atomic_store(&client->stopped, true);
    }
}

bool http_client_check(const HttpClient *client, Error *error)
{
    return interrupt_check(error) &&
           (!atomic_load(&client->stopped) ||
            error_set(error, EXIT_CODE_FAILED, "stopped after another failure"));
}

static Handle *acquire_handle(HttpClient *client, Error *error)
{
    Handle *handle;

    pthread_mutex_lock(&client->mutex);
    handle = client->idle;
    if (handle != NULL) {
        client->idle = handle->next;
    }
    pthread_mutex_unlock(&client->mutex);
    if (handle == NULL) {
        handle = calloc(1, sizeof *handle);
        if (handle != NULL && (handle->curl = curl_easy_init()) == NULL) {
            free(handle);
            handle = NULL;
        }
    }
    if (handle == NULL) {
        error_out_of_memory(error);
    }
    return handle;
}

/* A handle whose transfer failed is not used again: libcurl may keep a part of the transfer's state
 * even after curl_easy_reset.  (Up to version 7.88, after a host name was not found, it keeps the
 * buffer, and so refuses CURLOPT_BUFFERSIZE.) */
static void release_handle(HttpClient *client, Handle *handle, bool reusable)
{
    if (!reusable) {
        curl_easy_cleanup(handle->curl);
        free(handle);
        return;
    }
    /* Keeps connections open but forgets all options, including the credentials. */
    curl_easy_reset(handle->curl);
    pthread_mutex_lock(&client->mutex);
    handle->next = client->idle;
    client->idle = handle;
    pthread_mutex_unlock(&client->mutex);
}

/* Appends up to a limit; false aborts the transfer. */
static bool append_bytes(Transfer *transfer, Buffer *buffer, size_t limit, const char *data,
                         size_t size)
{
    Error error = {0};

    if (size > limit - buffer->size) {
        transfer->too_large = true;
        return false;
    }
    transfer->lacks_memory = !buffer_append(buffer, data, size, &error);
    return !transfer->lacks_memory;
}

static size_t on_body(char *data, size_t one, size_t size, void *argument)
{
    Transfer *transfer = argument;

    (void)one;
    return append_bytes(transfer, &transfer->response->body, transfer->request->response_limit,
                        data, size)
               ? size
               : CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *data, size_t one, size_t size, void *argument)
{
    Transfer *transfer = argument;
    Buffer *headers = &transfer->response->headers;
    size_t length = size;

    (void)one;
    /* A status line starts a new set of headers: what came before belonged to an interim
     * response. */
    if (size >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        headers->size = 0;
        transfer->headers_ended = false;
    }
    while (length > 0 && (data[length - 1] == '\r' || data[length - 1] == '\n')) {
        length--;
    }
    transfer->headers_ended = transfer->headers_ended || length == 0;
    return append_bytes(transfer, headers, HEADERS_LIMIT, data, length) &&
                   append_bytes(transfer, headers, HEADERS_LIMIT, "", 1)
               ? size
               : CURL_WRITEFUNC_ERROR;
}

/* libcurl's progress callback: called about once a second and whenever something happens. */
static int on_progress(void *argument, curl_off_t download_total, curl_off_t downloaded,
                       curl_off_t upload_total, curl_off_t uploaded)
{
    Error error = {0};

    (void)download_total;
    (void)downloaded;
    (void)upload_total;
    (void)uploaded;
    return http_client_check(argument, &error) ? 0 : 1;
}

static bool add_header(Transfer *transfer, const char *line, Error *error)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    if (longer == NULL) {
        return error_out_of_memory(error);
    }
    transfer->headers = longer;
    return true;
}

static bool add_header_format(Transfer *transfer, const char *name, const char *value, Error *error)
{
    Buffer line = {0};
    bool done = buffer_append_format(&line, error, "%s: %s", name, value) &&
                add_header(transfer, buffer_string(&line), error);

    buffer_wipe(&line);
    return done;
}

/*
 * The headers that are part of the signature. libcurl signs those that are set before it computes
 * the signature, plus host and x-amz-date, which it adds itself.  Up to version 8 it does not send
 * the hash of the body, which S3 requires, and it knows nothing about session tokens.
 */
static bool add_signing_headers(Transfer *transfer, Error *error)
{
    const HttpRequest *request = transfer->request;
    char digest[SHA256_TEXT_SIZE + 1];
    Sha256 *sha256 = NULL;
    bool done = sha256_new(&sha256, error) && sha256_update(sha256, request->body, error) &&
                sha256_finish(sha256, digest, error);

    sha256_free(sha256);
    return done && add_header_format(transfer, "x-amz-content-sha256", digest, error) &&
           (request->signing->session_token == NULL ||
            add_header_format(transfer, "x-amz-security-token", request->signing->session_token,
                              error));
}

static CURLcode set_signing(CURL *curl, const HttpSigning *signing)
{
    Buffer parameter = {0};
    Error error = {0};
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (buffer_append_format(&parameter, &error, "aws:amz:%s:%s", signing->region,
                             signing->service)) {
        code = curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, buffer_string(&parameter));
    }
    buffer_free(&parameter);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_USERNAME, signing->access_key_id);
    }
    return code != CURLE_OK ? code
                            : curl_easy_setopt(curl, CURLOPT_PASSWORD, signing->secret_access_key);
}

static CURLcode set_body(CURL *curl, const HttpRequest *request)
{
    CURLcode code;

    if (request->body.size == 0 && strcmp(request->method, "GET") == 0) {
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                                request->body.size == 0 ? "" : (const char *)request->body.data);
    }
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static long first_positive(int wanted, int usual, int fallback)
{
    return wanted > 0 ? wanted : usual > 0 ? usual : fallback;
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode set_code = curl_easy_setopt(curl, option, value);                                 \
        if (set_code != CURLE_OK) {                                                                \
            return set_code;                                                                       \
        }                                                                                          \
    } while (0)

static CURLcode configure(CURL *curl, Transfer *transfer)
{
    const HttpRequest *request = transfer->request;
    const HttpOptions *options = &transfer->client->options;

    SET(CURLOPT_NOSIGNAL, 1L);
    /* The defaults, set explicitly: when memory runs out curl_easy_reset loses them, and libcurl
     * would wait forever. */
    SET(CURLOPT_BUFFERSIZE, (long)CURL_MAX_WRITE_SIZE);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    /* libcurl's own default for a URL without a scheme is plain HTTP. */
    SET(CURLOPT_DEFAULT_PROTOCOL, "https");
    SET(CURLOPT_URL, request->url);
    /* In a key, "/../" is part of the name. */
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_ERRORBUFFER, transfer->reason);
    SET(CURLOPT_USERAGENT, options->user_agent);
    SET(CURLOPT_CONNECTTIMEOUT_MS, first_positive(request->connect_timeout_ms,
                                                  options->connect_timeout_ms, CONNECT_TIMEOUT_MS));
    SET(CURLOPT_TIMEOUT_MS, first_positive(request->timeout_ms, options->timeout_ms, TIMEOUT_MS));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, transfer->client);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    if (options->ca_file != NULL) {
        SET(CURLOPT_CAINFO, options->ca_file);
    }
    if (request->direct) {
        SET(CURLOPT_NOPROXY, "*");
    }
    if (request->signing != NULL) {
        CURLcode code = set_signing(curl, request->signing);

        if (code != CURLE_OK) {
            return code;
        }
    }
    return set_body(curl, request);
}

/* Sets the error of a failed transfer. */
static bool transfer_failed(const Transfer *transfer, CURLcode code, Error *error)
{
    const char *url = transfer->request->url;
    int url_size = (int)strcspn(url, "?"); /* the query may contain secrets */
    ExitCode exit_code = EXIT_CODE_CONNECTION;

    if (code == CURLE_ABORTED_BY_CALLBACK && !http_client_check(transfer->client, error)) {
        return false;
    }
    if (transfer->lacks_memory || code == CURLE_OUT_OF_MEMORY) {
        return error_out_of_memory(error);
    }
    if (transfer->too_large) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "the response to \"%.*s\" is larger than %zu bytes", url_size, url,
                         transfer->request->response_limit);
    }
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        exit_code = EXIT_CODE_REFUSED;
        break;
    default:
        transfer->response->may_succeed_later = true;
        break;
    }
    return error_set(error, exit_code, "no response from \"%.*s\": %s", url_size, url,
                     transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code));
}

static void read_info(CURL *curl, HttpResponse *response)
{
    curl_off_t length = -1;
    curl_off_t retry_after = 0;
    long version = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    response->retry_after_s = retry_after;
    response->length_known = length >= 0 || version >= CURL_HTTP_VERSION_2_0 ||
                             http_response_header(response, "Transfer-Encoding") != NULL;
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next) {
        explicit_bzero(header->data, strlen(header->data));
    }
    curl_slist_free_all(headers);
}

static bool perform(Transfer *transfer, Handle *handle, Error *error)
{
    CURLcode code;

    for (const char *const *header = transfer->request->headers; header != NULL && *header != NULL;
         header++) {
        if (!add_header(transfer, *header, error)) {
            return false;
        }
    }
    if (transfer->request->signing != NULL && !add_signing_headers(transfer, error)) {
        return false;
    }
    code = configure(handle->curl, transfer);
    if (code == CURLE_OK) {
        code = curl_easy_perform(handle->curl);
        /* libcurl accepts this as a response. */
        if (code == CURLE_OK && !transfer->headers_ended) {
            code = CURLE_PARTIAL_FILE;
        }
    }
    if (code != CURLE_OK) {
        return transfer_failed(transfer, code, error);
    }
    read_info(handle->curl, transfer->response);
    return true;
}

bool http_send(HttpClient *client, const HttpRequest *request, HttpResponse *response, Error *error)
{
    Transfer transfer = {.client = client, .request = request, .response = response};
    Handle *handle;
    bool done;

    http_response_free(response);
    if (!http_client_check(client, error)) {
        return false;
    }
    handle = acquire_handle(client, error);
    if (handle == NULL) {
        return false;
    }
    done = perform(&transfer, handle, error);
    free_headers(transfer.headers);
    release_handle(client, handle, done);
    return done;
}

const char *http_response_header(const HttpResponse *response, const char *name)
{
    const char *line = (const char *)response->headers.data;
    const char *end = line + response->headers.size;
    size_t size = strlen(name);

    for (; line < end; line += strlen(line) + 1) {
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            const char *value = line + size + 1;

            return value + strspn(value, " \t");
        }
    }
    return NULL;
}

void http_response_free(HttpResponse *response)
{
    buffer_free(&response->body);
    buffer_free(&response->headers);
    *response = (HttpResponse){0};
}
