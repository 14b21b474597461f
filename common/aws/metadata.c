/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/metadata.h"

#include "common/aws/endpoint.h"
#include "common/base/environment.h"
#include "common/base/json_memory.h"
#include "common/http/retry.h"
#include "common/http/status.h"
#include "common/http/url.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RESPONSE_LIMIT = 64 * 1024 };

/* Without a metadata service nothing responds, so time out quickly. */
enum { INSTANCE_CONNECT_TIMEOUT_MS = 1000, INSTANCE_TIMEOUT_MS = 2000 };

static const RetryPolicy INSTANCE_RETRIES = {
    .attempts = 2, .first_wait_ms = 100, .longest_wait_ms = 100};

static const char RELATIVE_URI[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
static const char FULL_URI[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
static const char CONTAINER_HOST[] = "http://169.254.170.2";
static const char INSTANCE_HOST[] = "http://169.254.169.254";
static const char INSTANCE_ROLES[] = "/latest/meta-data/iam/security-credentials/";

/* Returns a string member; NULL when it is missing or empty. */
static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Both providers use this format. */
static bool read_credentials(const HttpResponse *response, const char *source,
                             AwsCredentials *credentials, Error *error)
{
    json_t *object = json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
    const char *key = member(object, "AccessKeyId");
    const char *secret = member(object, "SecretAccessKey");
    bool done;

    if (object == NULL && json_memory_lacked()) {
        return error_out_of_memory(error);
    }
    done =
        key != NULL && secret != NULL
            ? aws_credentials_set(credentials, key, secret, member(object, "Token"), source, error)
            : error_set(error, EXIT_CODE_REFUSED, "%s returned no credentials", source);
    json_decref(object);
    return done;
}

static bool is_local(const UrlParts *parts)
{
    static const char *const HOSTS[] = {"localhost", "169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]", "[::1]"};

    for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++) {
        if (strcasecmp(parts->host, HOSTS[i]) == 0) {
            return true;
        }
    }
    return parts->is_address && strncmp(parts->host, "127.", 4) == 0;
}

/* Tells whether a token may be sent to the URL. */
static bool check_container_url(const char *url, Error *error)
{
    char *server = strndup(url, strcspn(url, "?"));
    UrlParts parts = {0};
    bool done;

    if (server == NULL) {
        return error_out_of_memory(error);
    }
    done =
        aws_endpoint_split(server, FULL_URI, "http://169.254.170.23/v1/credentials", &parts, error);
    if (!done && error->code == EXIT_CODE_USAGE) {
        error->code = EXIT_CODE_REFUSED;
    } else if (done && strcmp(parts.scheme, "https") != 0 && !is_local(&parts)) {
        done = error_set(error, EXIT_CODE_REFUSED,
                         "%s names \"%s\", which is neither HTTPS nor on this machine", FULL_URI,
                         parts.host);
    }
    url_free(&parts);
    free(server);
    return done;
}

bool aws_container_url(Buffer *url, Error *error)
{
    const char *relative = environment_variable(RELATIVE_URI);
    const char *full = environment_variable(FULL_URI);

    if (relative != NULL) {
        /* Anything else would become a part of the host's name. */
        return (relative[0] == '/' || error_set(error, EXIT_CODE_REFUSED,
                                                "%s is \"%s\", which does not begin with a slash",
                                                RELATIVE_URI, relative)) &&
               buffer_append_text(url, CONTAINER_HOST, error) &&
               buffer_append_text(url, relative, error);
    }
    return full == NULL ||
           (check_container_url(full, error) && buffer_append_text(url, full, error));
}

/* Appends the authorization header if the container provider wants one. */
static bool append_authorization(Buffer *header, Error *error)
{
    const char *path = environment_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = environment_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    FILE *file;
    char *line = NULL;
    size_t capacity = 0;
    bool done;

    if (path == NULL) {
        return token == NULL || buffer_append_format(header, error, "Authorization: %s", token);
    }
    file = fopen(path, "re");
    done = file != NULL && getline(&line, &capacity, file) > 0;
    if (done) {
        line[strcspn(line, "\r\n")] = '\0';
        done = buffer_append_format(header, error, "Authorization: %s", line);
        explicit_bzero(line, capacity);
    } else {
        error_set(error, EXIT_CODE_REFUSED, "could not read \"%s\": %s", path,
                  file == NULL ? strerror(errno) : "it is empty");
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return done;
}

static bool request_container(HttpClient *client, const char *url, AwsCredentials *credentials,
                              Error *error)
{
    static const char SOURCE[] = "the container's credentials provider";
    HttpResponse response = {0};
    Buffer header = {0};
    const char *headers[2] = {NULL, NULL};
    bool done = append_authorization(&header, error);

    if (done) {
        HttpRequest request = {.method = "GET",
                               .url = url,
                               .headers = headers,
                               .response_limit = RESPONSE_LIMIT,
                               .direct = true};

        headers[0] = header.size > 0 ? buffer_string(&header) : NULL;
        done = http_send_retrying(client, &RETRY_DEFAULT, NULL, &request, &response, error) ||
               (error->code == EXIT_CODE_CONNECTION &&
                error_hint(error, "Check %s, %s and the network.", RELATIVE_URI, FULL_URI));
    }
    if (done && response.status != HTTP_OK) {
        done = error_set(error, EXIT_CODE_REFUSED, "%s responds with HTTP status %ld", SOURCE,
                         response.status);
    }
    done = done && read_credentials(&response, SOURCE, credentials, error);
    buffer_wipe(&header);
    http_response_free(&response);
    return done;
}

bool aws_container_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                               Error *error)
{
    Buffer url = {0};
    bool done = aws_container_url(&url, error);

    *found = url.size > 0;
    if (done && *found) {
        done = request_container(client, buffer_string(&url), credentials, error);
    }
    buffer_free(&url);
    return done;
}

static bool append_instance_server(Buffer *url, Error *error)
{
    static const char VARIABLE[] = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    const char *endpoint = environment_variable(VARIABLE);
    UrlParts parts = {0};
    bool done;

    if (endpoint == NULL) {
        return buffer_append_text(url, INSTANCE_HOST, error);
    }
    done = aws_endpoint_split(endpoint, VARIABLE, INSTANCE_HOST, &parts, error) &&
           url_append_server(url, &parts, "", error);
    url_free(&parts);
    return done;
}

/* Sends one request to the metadata service.  *reached is false when there is none. */
static bool request_instance(HttpClient *client, const char *method, const char *path,
                             const char *header, HttpResponse *response, bool *reached,
                             Error *error)
{
    const char *const headers[] = {header, NULL};
    HttpRequest request = {.method = method,
                           .headers = headers,
                           .response_limit = RESPONSE_LIMIT,
                           .direct = true,
                           .connect_timeout_ms = INSTANCE_CONNECT_TIMEOUT_MS,
                           .timeout_ms = INSTANCE_TIMEOUT_MS};
    Buffer url = {0};
    bool done;

    done = append_instance_server(&url, error) && buffer_append_text(&url, path, error);
    request.url = buffer_string(&url);
    *reached =
        done && http_send_retrying(client, &INSTANCE_RETRIES, NULL, &request, response, error);
    buffer_free(&url);
    return done && (*reached || error->code == EXIT_CODE_CONNECTION);
}

/* Requests the role's credentials; `token` is the header with the session token. */
static bool request_role(HttpClient *client, const char *token, AwsCredentials *credentials,
                         bool *found, Error *error)
{
    HttpResponse response = {0};
    Buffer path = {0};
    bool done = request_instance(client, "GET", INSTANCE_ROLES, token, &response, found, error);

    *found = *found && response.status == HTTP_OK && response.body.size > 0;
    if (done && *found) {
        const char *roles = buffer_string(&response.body);

        /* One role per line; an instance has one. */
        done =
            buffer_append_text(&path, INSTANCE_ROLES, error) &&
            url_append_path(&path, slice_of(roles, strcspn(roles, "\r\n")), error) &&
            request_instance(client, "GET", buffer_string(&path), token, &response, found, error);
        *found = *found && response.status == HTTP_OK;
        done = done && (!*found || read_credentials(&response, "the instance's metadata service",
                                                    credentials, error));
    }
    buffer_free(&path);
    http_response_free(&response);
    return done;
}

bool aws_instance_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                              Error *error)
{
    const char *disabled = environment_variable("AWS_EC2_METADATA_DISABLED");
    HttpResponse response = {0};
    Buffer token = {0};
    bool done;

    *found = false;
    if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
        return true;
    }
    done = request_instance(client, "PUT", "/latest/api/token",
                            "X-aws-ec2-metadata-token-ttl-seconds: 300", &response, found, error);
    *found = *found && response.status == HTTP_OK;
    if (done && *found) {
        done = buffer_append_text(&token, "X-aws-ec2-metadata-token: ", error) &&
               buffer_append(&token, response.body.data, response.body.size, error) &&
               request_role(client, buffer_string(&token), credentials, found, error);
    }
    buffer_free(&token);
    http_response_free(&response);
    return done;
}
