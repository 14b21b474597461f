/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3:// storage: requests objects from AWS or a compatible server.
 */
#include "export/settings/store.h"

#include "common/aws/credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/provider_chain.h"
#include "common/aws/region.h"
#include "common/base/environment.h"
#include "common/cli/version.h"
#include "common/http/client.h"
#include "common/http/retry.h"
#include "common/http/server_words.h"
#include "common/http/status.h"
#include "export/settings/s3_address.h"
#include "export/settings/s3_error_response.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGION_SIZE = 64 };

/* lakeFS's own default. */
static const char DEFAULT_REGION[] = "us-east-1";

static const char HINT_ENDPOINT[] =
    "Check --s3-endpoint (lakeFS's blockstore.s3.endpoint) and the network.";
static const char HINT_NOT_S3[] = "Check --s3-endpoint: it must be the URL of the S3 service "
                                  "itself, not for example its console.";

typedef struct S3 {
    HttpClient *client;
    S3Endpoint endpoint;
    AwsCredentials credentials;
    pthread_mutex_t mutex; /* guards what follows */
    char region[REGION_SIZE];
} S3;

static bool split_endpoint(const char *endpoint, UrlParts *parts, Error *error)
{
    return aws_endpoint_split(
        endpoint, "--s3-endpoint (or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile)",
        "http://minio:9000", parts, error);
}

static bool check_s3(const SettingsOptions *options, Error *error)
{
    UrlParts parts = {0};
    bool done = options->s3_endpoint == NULL || split_endpoint(options->s3_endpoint, &parts, error);

    url_free(&parts);
    return done && aws_region_check(options->s3_region, "--s3-region", error);
}

static bool choose_region(S3 *s3, const SettingsOptions *options, Error *error)
{
    char *region;
    bool done =
        aws_region_choose(options->s3_region, "--s3-region", DEFAULT_REGION, &region, error);

    if (done) {
        snprintf(s3->region, sizeof s3->region, "%s", region);
    }
    free(region);
    return done;
}

static bool open_s3(const SettingsOptions *options, void **state, Error *error)
{
    HttpOptions http = {.user_agent = "kv-export/" PROGRAM_VERSION,
                        .ca_file = environment_variable("AWS_CA_BUNDLE")};
    char *endpoint = NULL;
    S3 *s3 = calloc(1, sizeof *s3);
    bool done;

    if (s3 == NULL) {
        return error_out_of_memory(error);
    }
    *state = s3;
    pthread_mutex_init(&s3->mutex, NULL);
    s3->endpoint.force_path_style = options->s3_force_path_style;
    done = aws_endpoint_find(options->s3_endpoint, "s3", &endpoint, error);
    s3->endpoint.is_given = endpoint != NULL;
    done = done && (endpoint == NULL || split_endpoint(endpoint, &s3->endpoint.url, error)) &&
           choose_region(s3, options, error) && http_client_new(&http, &s3->client, error) &&
           aws_credentials_find(s3->client, &s3->credentials, error);
    free(endpoint);
    return done;
}

static void stop_s3(void *state)
{
    S3 *s3 = state;

    http_client_stop(s3->client);
}

static void close_s3(void *state)
{
    S3 *s3 = state;

    if (s3 == NULL) {
        return;
    }
    http_client_free(s3->client);
    aws_credentials_free(&s3->credentials);
    url_free(&s3->endpoint.url);
    pthread_mutex_destroy(&s3->mutex);
    free(s3);
}

static void get_region(S3 *s3, char region[REGION_SIZE])
{
    pthread_mutex_lock(&s3->mutex);
    snprintf(region, REGION_SIZE, "%s", s3->region);
    pthread_mutex_unlock(&s3->mutex);
}

static void set_region(S3 *s3, const char *region)
{
    pthread_mutex_lock(&s3->mutex);
    snprintf(s3->region, sizeof s3->region, "%s", region);
    pthread_mutex_unlock(&s3->mutex);
}

static bool send_request(S3 *s3, const S3Address *address, const char *region,
                         HttpResponse *response, Error *error)
{
    HttpSigning signing = {.region = region,
                           .service = "s3",
                           .access_key_id = s3->credentials.access_key_id,
                           .secret_access_key = s3->credentials.secret_access_key,
                           .session_token = s3->credentials.session_token};
    HttpRequest request = {.method = "GET", .response_limit = MAX_RULES_SIZE, .signing = &signing};
    Buffer url = {0};
    bool done = s3_append_url(&url, &s3->endpoint, region, address, error);

    request.url = buffer_string(&url);
    if (done && !http_send_retrying(s3->client, &RETRY_DEFAULT, NULL, &request, response, error)) {
        done = error->code == EXIT_CODE_CONNECTION ? error_hint(error, "%s", HINT_ENDPOINT) : false;
    }
    buffer_free(&url);
    return done;
}

/* The bucket's region that an error response names; NULL if it names none or only the current one.
 */
static const char *other_region(const HttpResponse *response, const S3ErrorResponse *refusal,
                                const char *region)
{
    const char *named = http_response_header(response, "x-amz-bucket-region");

    if (named == NULL && refusal->region[0] != '\0') {
        named = refusal->region;
    }
    return response->status < 300 || named == NULL || !aws_region_is_valid(named) ||
                   strcmp(named, region) == 0
               ? NULL
               : named;
}

/* What to do about an error response. */
static const char *hint_for(const S3ErrorResponse *refusal, long status)
{
    static const struct {
        const char *code;
        const char *hint;
    } HINTS[] = {
        {"AccessDenied", "Allow these credentials s3:GetObject on the object and s3:ListBucket on "
                         "the bucket; without the latter, S3 also denies access to objects that "
                         "do not exist."},
        {"SignatureDoesNotMatch", "Check the secret access key."},
        {"InvalidAccessKeyId",
         "Check the access key; a temporary one also needs AWS_SESSION_TOKEN."},
        {"InvalidToken", "Check AWS_SESSION_TOKEN: only temporary credentials have one."},
        {"ExpiredToken", "Get new temporary credentials."},
        {"RequestTimeTooSkewed", "Correct this machine's clock."},
        {"NoSuchBucket", "Check that --s3-endpoint and --s3-region point to where lakeFS keeps "
                         "its objects."},
        {"PermanentRedirect", "Check --s3-endpoint and --s3-region."},
        {"TemporaryRedirect", "Check --s3-endpoint and --s3-region."},
        {"AuthorizationHeaderMalformed", "Check --s3-region."},
        {"InvalidObjectState", "Restore the object from its archive (s3:RestoreObject), then run "
                               "again."},
    };

    if (strstr(refusal->message, "kms:") != NULL) {
        return "Allow these credentials to use the key that the object is encrypted with "
               "(kms:Decrypt), in the key's policy, too.";
    }
    for (size_t i = 0; i < sizeof HINTS / sizeof HINTS[0]; i++) {
        if (strcmp(refusal->code, HINTS[i].code) == 0) {
            return HINTS[i].hint;
        }
    }
    if (retry_status(status)) {
        return "Try again once the server has recovered.";
    }
    return refusal->code[0] == '\0' ? HINT_NOT_S3 : SETTINGS_S3.hint;
}

/* The server's explanation, or the beginning of a body that is not S3's, such as a proxy's; "" if
 * it repeats the credentials. */
static void copy_words(const S3 *s3, HttpResponse *response, const S3ErrorResponse *refusal,
                       char words[SERVER_WORDS_SIZE])
{
    bool is_s3 = refusal->code[0] != '\0';
    const char *text = is_s3 ? refusal->message : buffer_string(&response->body);

    words[0] = '\0';
    if (!aws_credentials_occur_in(&s3->credentials, text)) {
        server_words_copy(slice_text(text), words,
                          is_s3 ? SERVER_WORDS_SIZE : SERVER_WORDS_BODY_SIZE);
    }
}

static bool report_refusal(const S3 *s3, const S3Address *address, HttpResponse *response,
                           const S3ErrorResponse *refusal, const char *region, Error *error)
{
    const char *named = other_region(response, refusal, region);
    char words[SERVER_WORDS_SIZE];

    if (refusal->out_of_memory) {
        return error_out_of_memory(error);
    }
    copy_words(s3, response, refusal, words);
    error_set(error, retry_status(response->status) ? EXIT_CODE_CONNECTION : EXIT_CODE_REFUSED,
              "request for object \"%s\" in bucket \"%s\" failed with HTTP status %ld%s%s",
              address->key, address->bucket, response->status, refusal->code[0] != '\0' ? ", " : "",
              refusal->code);
    error_detail(error, "%s%sThe region is \"%s\"; the credentials are from %s.", words,
                 words[0] != '\0' ? " " : "", region, s3->credentials.source);
    if (named != NULL) {
        return error_hint(error, "The bucket is in region \"%s\": specify it with --s3-region.",
                          named);
    }
    return error_hint(error, "%s", hint_for(refusal, response->status));
}

/* Takes the object from a response.  S3 always sends a length and an ETag; a response without them
 * is a page of some other server. */
static bool take_object(HttpResponse *response, SettingsObject *object, Error *error)
{
    if (!response->length_known || http_response_header(response, "ETag") == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "the response is not from an S3 service");
        return error_hint(error, "%s", HINT_NOT_S3);
    }
    object->found = true;
    object->content = response->body;
    response->body = (Buffer){0};
    return true;
}

/* Requests the object, and tries once more if the response names another region. */
static bool fetch_object(S3 *s3, const S3Address *address, SettingsObject *object, Error *error)
{
    HttpResponse response = {0};
    S3ErrorResponse refusal = {0};
    char region[REGION_SIZE];
    bool done;

    get_region(s3, region);
    for (int attempt = 1;; attempt++) {
        const char *named;

        done = send_request(s3, address, region, &response, error);
        if (!done || response.status == HTTP_OK) {
            break;
        }
        s3_error_response_parse(buffer_slice(&response.body), &refusal);
        named = other_region(&response, &refusal, region);
        if (named == NULL || attempt == 2) {
            break;
        }
        snprintf(region, sizeof region, "%s", named);
        set_region(s3, region);
    }
    if (done && response.status == HTTP_OK) {
        done = take_object(&response, object, error);
    } else if (done &&
               (response.status != HTTP_NOT_FOUND || strcmp(refusal.code, "NoSuchKey") != 0)) {
        done = report_refusal(s3, address, &response, &refusal, region, error);
    }
    http_response_free(&response);
    return done;
}

static bool fetch_s3(void *state, const SettingsOptions *options, const StorageNamespace *space,
                     const char *path, SettingsObject *object, Error *error)
{
    S3Address address;
    bool done;

    (void)options;
    if (!s3_address_find(space, path, &address, error)) {
        return false;
    }
    done = fetch_object(state, &address, object, error);
    s3_address_free(&address);
    return done;
}

const SettingsStore SETTINGS_S3 = {
    .scheme = "s3",
    .hint = "Make the storage readable, with --s3-endpoint, --s3-region, --s3-force-path-style and "
            "AWS's environment variables.",
    .check = check_s3,
    .open = open_s3,
    .fetch = fetch_s3,
    .stop = stop_s3,
    .close = close_s3,
};
