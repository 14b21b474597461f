/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/client.h"

#include "common/aws/endpoint.h"
#include "common/aws/region.h"
#include "common/aws/session.h"
#include "common/base/buffer.h"
#include "common/base/environment.h"
#include "common/base/json.h"
#include "common/base/json_memory.h"
#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/http/client.h"
#include "common/http/retry.h"
#include "common/http/status.h"
#include "common/http/url.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page of a scan has 1 MB of data plus JSON for each item; the unprocessed part of a batch comes
 * back as it was sent, which is 16 MB at most. */
enum { RESPONSE_LIMIT = 64 * 1024 * 1024 };

/* With a custom endpoint the region rarely matters. */
static const char DEFAULT_REGION[] = "us-east-1";

static const char HINT_ENDPOINT[] = "Check --dynamodb-endpoint, --aws-region and the network.";

/* A throttled table recovers before long, while a load that fails has to start over.  About a
 * minute in total. */
static const RetryPolicy RETRY_PERSISTENT = {
    .attempts = 14, .first_wait_ms = 50, .longest_wait_ms = 10 * 1000};

struct DynamoClient {
    const DynamoOptions *options;
    char *endpoint; /* as given; "" for AWS */
    char *region;
    char *url;
    char user_agent[64];
    HttpClient *http;
    atomic_bool reached; /* a request has succeeded: the server exists */
    AwsSession *session;
};

static bool is_table_name(const char *name)
{
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t size = strspn(name, CHARACTERS);

    return size >= 3 && size <= 255 && name[size] == '\0';
}

static bool split_endpoint(const char *endpoint, UrlParts *parts, Error *error)
{
    return aws_endpoint_split(endpoint,
                              "--dynamodb-endpoint (or AWS_ENDPOINT_URL_DYNAMODB, "
                              "AWS_ENDPOINT_URL, the profile)",
                              "http://localhost:8000", parts, error);
}

bool dynamo_options_check(const DynamoOptions *options, Error *error)
{
    UrlParts parts = {0};
    bool done = options->endpoint == NULL || split_endpoint(options->endpoint, &parts, error);

    url_free(&parts);
    if (done && !is_table_name(options->table)) {
        error_set(error, EXIT_CODE_USAGE, "\"%s\" is not the name of a DynamoDB table",
                  options->table);
        return error_hint(error, "It has 3 to 255 letters, digits, \"-\", \"_\" and \".\".");
    }
    return done && aws_region_check(options->region, "--aws-region", error);
}

static bool choose_url(DynamoClient *client, const char *endpoint, Error *error)
{
    UrlParts parts = {0};
    Buffer url = {0};
    bool done;

    if (endpoint == NULL) {
        done = buffer_append_text(&url, "https://", error) &&
               aws_endpoint_append_host(&url, "dynamodb", client->region, error) &&
               buffer_append_text(&url, "/", error);
    } else {
        done = split_endpoint(endpoint, &parts, error) &&
               url_append_server(&url, &parts, "", error) && buffer_append_text(&url, "/", error);
    }
    if (done) {
        done = text_copy(endpoint == NULL ? "" : buffer_string(&url), &client->endpoint, error) &&
               (client->url = buffer_take(&url, error)) != NULL;
    }
    buffer_free(&url);
    url_free(&parts);
    return done;
}

bool dynamo_client_open(const DynamoOptions *options, const char *program, DynamoClient **client,
                        Error *error)
{
    char *endpoint = NULL;
    DynamoClient *c = calloc(1, sizeof *c);
    HttpOptions http = {.ca_file = environment_variable("AWS_CA_BUNDLE")};
    bool done;

    *client = c;
    if (c == NULL) {
        return error_out_of_memory(error);
    }
    c->options = options;
    atomic_init(&c->reached, false);
    snprintf(c->user_agent, sizeof c->user_agent, "%s/%s", program, PROGRAM_VERSION);
    http.user_agent = c->user_agent;
    done = aws_endpoint_find(options->endpoint, "dynamodb", &endpoint, error) &&
           aws_region_choose(options->region, "--aws-region",
                             endpoint != NULL ? DEFAULT_REGION : NULL, &c->region, error) &&
           choose_url(c, endpoint, error) && http_client_new(&http, &c->http, error) &&
           aws_session_open(c->http, &c->session, error);
    free(endpoint);
    return done;
}

void dynamo_client_close(DynamoClient *client)
{
    if (client != NULL) {
        aws_session_close(client->session);
        http_client_free(client->http);
        free(client->endpoint);
        free(client->region);
        free(client->url);
        free(client);
    }
}

void dynamo_client_stop(DynamoClient *client)
{
    if (client != NULL) {
        http_client_stop(client->http);
    }
}

const char *dynamo_client_table(const DynamoClient *client)
{
    return client->options->table;
}

const char *dynamo_client_region(const DynamoClient *client)
{
    return client->region;
}

const char *dynamo_client_endpoint(const DynamoClient *client)
{
    return client->endpoint;
}

static bool read_response(const HttpResponse *http_response, json_t **response, DynamoFault *fault,
                          Error *error)
{
    bool lacked;

    *response = json_parse(buffer_slice(&http_response->body), 0, NULL, &lacked);
    if (lacked) {
        *fault = DYNAMO_FAULT_LOST; /* the request was executed */
        return error_out_of_memory(error);
    }
    if (!json_is_object(*response)) {
        json_decref(*response);
        *response = NULL;
        return dynamo_unexpected_response(error);
    }
    return true;
}

static bool send_request(DynamoClient *client, const DynamoRequest *request, Slice body,
                         HttpResponse *http_response, DynamoFault *fault, Error *error)
{
    char target[96];
    const char *headers[] = {"Content-Type: application/x-amz-json-1.0", target, NULL};
    HttpSigning signing = {.region = client->region,
                           .service = "dynamodb",
                           .access_key_id = request->credentials->access_key_id,
                           .secret_access_key = request->credentials->secret_access_key,
                           .session_token = request->credentials->session_token};
    HttpRequest http_request = {.method = "POST",
                                .url = client->url,
                                .headers = headers,
                                .body = body,
                                .response_limit = RESPONSE_LIMIT,
                                .signing = &signing};
    /* An endpoint that has never answered is probably wrong: retry only briefly. */
    const RetryPolicy *policy = atomic_load(&client->reached) ? &RETRY_PERSISTENT : &RETRY_DEFAULT;

    snprintf(target, sizeof target, "X-Amz-Target: DynamoDB_20120810.%s", request->operation);
    if (!http_send_retrying(client->http, policy, dynamo_response_is_transient, &http_request,
                            http_response, error)) {
        *fault = DYNAMO_FAULT_LOST;
        return error->code == EXIT_CODE_CONNECTION ? error_hint(error, "%s", HINT_ENDPOINT) : false;
    }
    atomic_store(&client->reached, true);
    return true;
}

/* Sends one request with the current credentials. */
static bool call_once(DynamoClient *client, const DynamoRequest *request, Slice body,
                      json_t **response, DynamoFault *fault, Error *error)
{
    HttpResponse http_response = {0};
    bool done;

    *response = NULL;
    *fault = DYNAMO_FAULT_OTHER;
    done = send_request(client, request, body, &http_response, fault, error) &&
           (http_response.status == HTTP_OK
                ? read_response(&http_response, response, fault, error)
                : dynamo_error_response(request, &http_response, fault, error));
    if (done) {
        *fault = DYNAMO_FAULT_NONE;
    }
    http_response_free(&http_response);
    return done;
}

bool dynamo_call(DynamoClient *client, const char *operation, Slice body, json_t **response,
                 DynamoFault *fault, Error *error)
{
    DynamoRequest request = {
        .operation = operation, .table = dynamo_client_table(client), .region = client->region};

    for (;;) {
        request.credentials = aws_session_credentials(client->session);
        if (call_once(client, &request, body, response, fault, error)) {
            return true;
        }
        if (*fault != DYNAMO_FAULT_EXPIRED ||
            !aws_session_renew(client->session, request.credentials)) {
            return false;
        }
        *error = (Error){0};
    }
}

bool dynamo_call_json(DynamoClient *client, const char *operation, json_t *parameters,
                      json_t **response, DynamoFault *fault, Error *error)
{
    char *text = json_encode(parameters, error);
    bool done;

    *response = NULL;
    *fault = DYNAMO_FAULT_OTHER;
    if (text == NULL) {
        return false;
    }
    done = dynamo_call(client, operation, slice_text(text), response, fault, error);
    free(text);
    return done;
}

bool dynamo_wait(DynamoClient *client, uint32_t milliseconds, Error *error)
{
    return retry_sleep(client->http, milliseconds, error);
}

bool dynamo_back_off(DynamoClient *client, unsigned attempt, Error *error)
{
    return retry_back_off(client->http, &RETRY_PERSISTENT, attempt, 0, error);
}
