/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/role.h"

#include "common/aws/endpoint.h"
#include "common/aws/region.h"
#include "common/base/buffer.h"
#include "common/http/retry.h"
#include "common/http/status.h"
#include "common/http/url.h"
#include "common/http/xml_texts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESPONSE_LIMIT = 256 * 1024, TOKEN_LIMIT = 64 * 1024 };

static const char SESSION_NAME[] = "kv-migration";
static const char GLOBAL_REGION[] = "us-east-1";

static const char HINT_ENDPOINT[] =
    "STS issues the role's credentials: check AWS_ENDPOINT_URL_STS, AWS_REGION and the network.";

/* The sizes exceed anything STS returns. */
typedef struct StsResponse {
    char key[256];
    char secret[256];
    char token[16 * 1024];
    char code[64];
    char message[512];
} StsResponse;

/* Trailing white space is not part of the token. */
static bool read_token(const char *path, Buffer *token, Error *error)
{
    FILE *file = fopen(path, "re");
    bool done = file != NULL && buffer_reserve(token, TOKEN_LIMIT, error);

    if (file == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "could not read the token \"%s\": %s", path,
                  strerror(errno));
        return error_hint(error, "AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the "
                                 "profile, names it.");
    }
    if (done) {
        token->size = fread(token->data, 1, TOKEN_LIMIT, file);
        while (token->size > 0 && strchr("\r\n ", token->data[token->size - 1]) != NULL) {
            token->size--;
        }
        done = token->size > 0 ||
               error_set(error, EXIT_CODE_REFUSED, "there is no token in \"%s\"", path);
    }
    fclose(file);
    return done;
}

static bool append_parameter(Buffer *body, const char *name, Slice value, Error *error)
{
    return buffer_append_format(body, error, "&%s=", name) && url_append_value(body, value, error);
}

static bool build_request(const AwsRole *role, Buffer *body, Error *error)
{
    Buffer token = {0};
    bool by_token = role->source == NULL;
    bool done =
        (!by_token || read_token(role->token_file, &token, error)) &&
        buffer_append_format(body, error, "Action=%s&Version=2011-06-15",
                             by_token ? "AssumeRoleWithWebIdentity" : "AssumeRole") &&
        append_parameter(body, "RoleArn", slice_text(role->arn), error) &&
        append_parameter(body, "RoleSessionName",
                         slice_text(role->session_name != NULL ? role->session_name : SESSION_NAME),
                         error) &&
        (role->external_id == NULL || by_token ||
         append_parameter(body, "ExternalId", slice_text(role->external_id), error)) &&
        (!by_token || append_parameter(body, "WebIdentityToken", buffer_slice(&token), error));

    buffer_wipe(&token);
    return done;
}

/* Without a region, the global endpoint. */
static bool append_given(const char *endpoint, Buffer *url, Error *error)
{
    UrlParts parts = {0};
    bool done =
        aws_endpoint_split(endpoint, "AWS_ENDPOINT_URL_STS (or AWS_ENDPOINT_URL, or the profile)",
                           "https://sts.eu-west-1.amazonaws.com", &parts, error) &&
        url_append_server(url, &parts, "", error) && buffer_append_text(url, "/", error);

    url_free(&parts);
    return done;
}

static bool choose_url(const char *region, Buffer *url, Error *error)
{
    char *endpoint;
    bool done = aws_endpoint_find(NULL, "sts", &endpoint, error);

    if (done && endpoint != NULL) {
        done = append_given(endpoint, url, error);
    } else if (done && region == NULL) {
        done = buffer_append_text(url, "https://sts.amazonaws.com/", error);
    } else if (done) {
        done = buffer_append_text(url, "https://", error) &&
               aws_endpoint_append_host(url, "sts", region, error) &&
               buffer_append_text(url, "/", error);
    }
    free(endpoint);
    return done;
}

static bool send_request(HttpClient *client, const AwsRole *role, Slice body,
                         HttpResponse *response, Error *error)
{
    static const char *const HEADERS[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    Buffer url = {0};
    char *region = NULL;
    HttpSigning signing = {.service = "sts"};
    HttpRequest request = {
        .method = "POST", .headers = HEADERS, .body = body, .response_limit = RESPONSE_LIMIT};
    bool done = aws_region_find(&region, error) && choose_url(region, &url, error);

    request.url = buffer_string(&url);
    if (role->source != NULL) {
        signing.region = region != NULL ? region : GLOBAL_REGION;
        signing.access_key_id = role->source->access_key_id;
        signing.secret_access_key = role->source->secret_access_key;
        signing.session_token = role->source->session_token;
        request.signing = &signing;
    }
    if (done && !http_send_retrying(client, &RETRY_DEFAULT, NULL, &request, response, error)) {
        done = error->code == EXIT_CODE_CONNECTION ? error_hint(error, "%s", HINT_ENDPOINT) : false;
    }
    buffer_free(&url);
    free(region);
    return done;
}

static bool copy_credentials(const StsResponse *parsed, const AwsRole *role,
                             AwsCredentials *credentials, Error *error)
{
    Buffer source = {0};
    bool done = buffer_append_format(&source, error, "role \"%s\"", role->arn) &&
                aws_credentials_set(credentials, parsed->key, parsed->secret, parsed->token,
                                    buffer_string(&source), error);

    buffer_free(&source);
    return done;
}

static bool refusal(const AwsRole *role, const HttpResponse *response, const StsResponse *parsed,
                    Error *error)
{
    error_set(error, retry_status(response->status) ? EXIT_CODE_CONNECTION : EXIT_CODE_REFUSED,
              "STS refuses credentials for role \"%s\": HTTP status %ld%s%s", role->arn,
              response->status, parsed->code[0] != '\0' ? ", " : "", parsed->code);
    error_detail(error, "%s", parsed->message);
    return error_hint(error, "Check the role, its trust policy and its region%s.",
                      role->source == NULL ? ", and the token" : "");
}

static bool read_response(const AwsRole *role, const HttpResponse *response,
                          AwsCredentials *credentials, Error *error)
{
    StsResponse parsed;
    const char *const result =
        role->source != NULL ? "AssumeRoleResponse/AssumeRoleResult/Credentials/"
                             : "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/"
                               "Credentials/";
    char paths[3][128];
    const XmlText wanted[] = {
        {paths[0], parsed.key, sizeof parsed.key},
        {paths[1], parsed.secret, sizeof parsed.secret},
        {paths[2], parsed.token, sizeof parsed.token},
        {"ErrorResponse/Error/Code", parsed.code, sizeof parsed.code},
        {"ErrorResponse/Error/Message", parsed.message, sizeof parsed.message}};
    bool valid;
    bool done;

    snprintf(paths[0], sizeof paths[0], "%sAccessKeyId", result);
    snprintf(paths[1], sizeof paths[1], "%sSecretAccessKey", result);
    snprintf(paths[2], sizeof paths[2], "%sSessionToken", result);
    done = xml_texts_read(buffer_slice(&response->body), wanted, sizeof wanted / sizeof wanted[0],
                          &valid, error);
    if (done) {
        done = response->status == HTTP_OK && valid && parsed.key[0] != '\0' &&
                       parsed.secret[0] != '\0' && parsed.token[0] != '\0'
                   ? copy_credentials(&parsed, role, credentials, error)
                   : refusal(role, response, &parsed, error);
    }
    explicit_bzero(&parsed, sizeof parsed);
    return done;
}

bool aws_role_assume(HttpClient *client, const AwsRole *role, AwsCredentials *credentials,
                     Error *error)
{
    HttpResponse response = {0};
    Buffer body = {0};
    bool done = build_request(role, &body, error) &&
                send_request(client, role, buffer_slice(&body), &response, error) &&
                read_response(role, &response, credentials, error);

    buffer_wipe(&body);
    buffer_wipe(&response.body);
    http_response_free(&response);
    return done;
}
