/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of servers, which credentials are sent to or come from: without a scheme they are refused,
 * as nobody should have to guess whether they are encrypted.
 */
#include "tests/unit/support.h"

#include "common/aws/endpoint.h"
#include "common/aws/metadata.h"
#include "common/aws/region.h"
#include "common/aws/role.h"

static int setup(void **state)
{
    if (folder_setup(state) != 0) {
        return -1;
    }
    setenv("HOME", *state, 1);
    unsetenv("AWS_CONFIG_FILE");
    unsetenv("AWS_PROFILE");
    unsetenv("AWS_REGION");
    unsetenv("AWS_DEFAULT_REGION");
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_ENDPOINT_URL_S3");
    unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    return 0;
}

/* NULL: AWS's own. */
static void assert_endpoint(const char *option, const char *service, const char *expected)
{
    char *endpoint;
    Error error = {0};

    assert_done(aws_endpoint_find(option, service, &endpoint, &error), &error);
    if (expected == NULL) {
        assert_null(endpoint);
    } else {
        assert_non_null(endpoint);
        assert_string_equal(endpoint, expected);
    }
    free(endpoint);
}

static void test_endpoint_of_the_profile_and_the_environment(void **state)
{
    folder_make(state, ".aws");
    file_write(folder_path(state, ".aws/config"),
               slice_text("[services default]\ns3 =\n  endpoint_url = http://wrong\n"
                          "[profile p]\nendpoint_url = http://profile\nservices = mine\n"
                          "s3 =\n  endpoint_url = http://nested\n"
                          "[profile mine]\ns3 =\n  endpoint_url = http://profile-section\n"
                          "[services mine]\nendpoint_url = http://of-no-service\ns3control =\n"
                          "  endpoint_url = http://control\ns3 = \n  other = 1\n\n  # comment\n"
                          "  endpoint_url = http://service\nsts=\n\tendpoint_url=http://sts\n"
                          "[profile i]\nignore_configured_endpoint_urls = true\n"
                          "endpoint_url = http://ignored\n[profile d]\nservices = nothing\n"));
    assert_endpoint(NULL, "s3", NULL);
    setenv("AWS_PROFILE", "p", 1);
    assert_endpoint(NULL, "s3", "http://service");
    assert_endpoint(NULL, "sts", "http://sts");
    assert_endpoint(NULL, "dynamodb", "http://profile");
    assert_endpoint("http://option", "s3", "http://option");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    assert_endpoint(NULL, "s3", "http://all");
    setenv("AWS_ENDPOINT_URL_S3", "http://variable", 1);
    assert_endpoint(NULL, "s3", "http://variable");
    assert_endpoint(NULL, "dynamodb", "http://all");
    assert_endpoint("http://option", "s3", "http://option");
    setenv("AWS_PROFILE", "i", 1);
    assert_endpoint(NULL, "s3", NULL);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", 1);
    assert_endpoint(NULL, "s3", "http://variable");
    setenv("AWS_PROFILE", "p", 1);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    assert_endpoint(NULL, "s3", NULL);
    assert_endpoint("http://option", "s3", "http://option");
    unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_ENDPOINT_URL_S3");
    setenv("AWS_PROFILE", "d", 1);
    assert_endpoint(NULL, "s3", NULL);
}

static HttpClient *new_client(void)
{
    HttpOptions options = {.user_agent = "test"};
    HttpClient *client;
    Error error = {0};

    assert_done(http_client_new(&options, &client, &error), &error);
    return client;
}

static void assert_split(const char *url, const char *again)
{
    UrlParts parts;
    Buffer text = {0};
    Error error = {0};

    assert_done(aws_endpoint_split(url, "--it", "http://example", &parts, &error), &error);
    assert_done(url_append_server(&text, &parts, "", &error), &error);
    assert_slice_equal(buffer_slice(&text), slice_text(again));
    buffer_free(&text);
    url_free(&parts);
}

static void test_endpoint_is_a_url(void **state)
{
    static const char *const REFUSED[] = {
        "",           "host",           "host:80",    "localhost:8000/",  "//host",
        "/path",      "127.0.0.1:8000", "[::1]:8000", "host/http://host", "://host",
        "http:/host", "http:host",      "ftp://host", " http://host"};
    UrlParts parts;
    Error error;

    (void)state;
    assert_split("http://host:80/", "http://host:80");
    assert_split("HTTPS://host/a//", "https://host/a");
    assert_split("http://[::1]:9", "http://[::1]:9");
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        assert_refused(aws_endpoint_split(REFUSED[i], "--it", "http://example", &parts, &error),
                       &error, EXIT_CODE_USAGE);
        assert_contains(error.message, REFUSED[i]);
        assert_contains(error.hint, "--it");
        assert_contains(error.hint, "https://");
        url_free(&parts);
    }
}

static void test_metadata_service_needs_a_scheme(void **state)
{
    static const char *const REFUSED[] = {"169.254.169.254", "localhost:1", "//localhost", "imds"};
    AwsCredentials credentials = {0};
    Error error = {0};
    HttpClient *client = new_client();
    bool found;

    (void)state;
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", REFUSED[i], 1);
        assert_refused(aws_instance_credentials(client, &credentials, &found, &error), &error,
                       EXIT_CODE_USAGE);
        assert_contains(error.hint, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    }
    http_client_free(client);
}

static void test_role_endpoint_needs_a_scheme(void **state)
{
    static const char *const REFUSED[] = {"sts.example", "localhost:1/x", "//sts.example", "sts:1"};
    AwsCredentials source = {.access_key_id = "key", .secret_access_key = "secret"};
    AwsRole role = {.arn = "arn:aws:iam::1:role/r", .source = &source};
    AwsCredentials credentials = {0};
    Error error = {0};
    HttpClient *client = new_client();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        setenv("AWS_ENDPOINT_URL_STS", REFUSED[i], 1);
        assert_refused(aws_role_assume(client, &role, &credentials, &error), &error,
                       EXIT_CODE_USAGE);
        assert_contains(error.message, REFUSED[i]);
        assert_contains(error.hint, "AWS_ENDPOINT_URL_STS");
        aws_credentials_free(&credentials);
    }
    http_client_free(client);
}

static void test_region_of_the_option_comes_first(void **state)
{
    char *region;
    Error error = {0};

    (void)state;
    assert_refused(aws_region_choose(NULL, "--region", NULL, &region, &error), &error,
                   EXIT_CODE_REFUSED);
    assert_contains(error.hint, "--region");
    assert_null(region);
    assert_done(aws_region_choose(NULL, "--region", "fallback-1", &region, &error), &error);
    assert_string_equal(region, "fallback-1");
    free(region);
    setenv("AWS_REGION", "variable-1", 1);
    assert_done(aws_region_choose(NULL, "--region", "fallback-1", &region, &error), &error);
    assert_string_equal(region, "variable-1");
    free(region);
    assert_done(aws_region_choose("option-1", "--region", "fallback-1", &region, &error), &error);
    assert_string_equal(region, "option-1");
    free(region);
    setenv("AWS_REGION", "evil.example/", 1);
    assert_refused(aws_region_choose(NULL, "--region", NULL, &region, &error), &error,
                   EXIT_CODE_REFUSED);
    assert_contains(error.hint, "--region");
    free(region);
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(test_endpoint_is_a_url),
        IN_HOME(test_endpoint_of_the_profile_and_the_environment),
        IN_HOME(test_metadata_service_needs_a_scheme),
        IN_HOME(test_role_endpoint_needs_a_scheme),
        IN_HOME(test_region_of_the_option_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
