/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials and region, from the same places as AWS's own tools, in their order.
 */
#include "tests/unit/http_server.h"

#include "common/aws/credentials.h"
#include "common/aws/metadata.h"
#include "common/aws/provider_chain.h"
#include "common/aws/region.h"

#define JSON(size, body) "HTTP/1.1 200 OK\r\nContent-Length: " size "\r\n\r\n" body
#define CREDENTIALS                                                                                \
    JSON("69",                                                                                     \
         "{\"AccessKeyId\":\"ROLEKEY\",\"SecretAccessKey\":\"rolesecret\",\"Token\":\"rt\"}  ")

static const char *const VARIABLES[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_PROFILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_ROLE_ARN",
                                        "AWS_ROLE_SESSION_NAME",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_STS"};

/* An empty home folder and environment. */
static int setup(void **state)
{
    if (folder_setup(state) != 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT_OF(VARIABLES); i++) {
        unsetenv(VARIABLES[i]);
    }
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("HOME", *state, 1);
    folder_make(state, ".aws");
    return 0;
}

static bool find(AwsCredentials *credentials, Error *error)
{
    HttpOptions options = {.user_agent = "test"};
    HttpClient *client;
    bool done;

    assert_done(http_client_new(&options, &client, error), error);
    done = aws_credentials_find(client, credentials, error);
    http_client_free(client);
    return done;
}

static void assert_found(const char *key, const char *secret, const char *token, const char *source)
{
    AwsCredentials credentials;
    Error error = {0};

    assert_done(find(&credentials, &error), &error);
    assert_string_equal(credentials.access_key_id, key);
    assert_string_equal(credentials.secret_access_key, secret);
    if (token == NULL) {
        assert_null(credentials.session_token);
    } else {
        assert_string_equal(credentials.session_token, token);
    }
    assert_contains(credentials.source, source);
    aws_credentials_free(&credentials);
}

/* Nothing is found; the error names `what` but no secret. */
static void assert_none(const char *what)
{
    AwsCredentials credentials;
    Error error;

    assert_refused(find(&credentials, &error), &error, EXIT_CODE_REFUSED);
    assert_contains(error.message, what);
    assert_lacks(error.message, "secret");
    assert_null(credentials.secret_access_key);
}

static void write_credentials(void *const *state, const char *text)
{
    file_write(folder_path(state, ".aws/credentials"), slice_text(text));
}

static void write_config(void *const *state, const char *text)
{
    file_write(folder_path(state, ".aws/config"), slice_text(text));
}

static void test_environment_comes_first(void **state)
{
    write_credentials(state, "[default]\naws_access_key_id=F\naws_secret_access_key=fsecret\n");
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "esecret", 1);
    assert_found("E", "esecret", NULL, "environment");
    setenv("AWS_SESSION_TOKEN", "t", 1);
    assert_found("E", "esecret", "t", "environment");
    setenv("AWS_SESSION_TOKEN", "", 1);
    assert_found("E", "esecret", NULL, "environment");
}

static void test_half_of_a_key_pair_is_an_error(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    assert_none("not AWS_SECRET_ACCESS_KEY");
    setenv("AWS_ACCESS_KEY_ID", "", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1);
    assert_none("not AWS_ACCESS_KEY_ID");
}

static void test_missing_credentials_are_reported(void **state)
{
    (void)state;
    assert_none("no credentials were found");
    unsetenv("HOME");
    assert_none("no credentials were found");
}

static void test_profiles_of_the_credentials_file(void **state)
{
    write_credentials(state, "; comment\n[other]\naws_access_key_id = WRONG\n"
                             "aws_secret_access_key = wrong\n"
                             "[ default ]\r\n"
                             "  aws_access_key_id = NESTED\r\n"
                             "#aws_access_key_id = COMMENT\r\n"
                             "aws_access_key_id\t=\tKEY\r\n"
                             "aws_secret_access_key=a/+b==c # d\r\n"
                             "aws_access_key_id = SECOND\n"
                             "[a name]\naws_access_key_id=N\naws_secret_access_key=s\n"
                             "aws_session_token=tok=en\n");
    assert_found("KEY", "a/+b==c # d", NULL, "\"default\"");
    setenv("AWS_PROFILE", "a name", 1);
    assert_found("N", "s", "tok=en", "\"a name\"");
    setenv("AWS_PROFILE", "nobody", 1);
    assert_none("no profile \"nobody\"");
}

static void test_profiles_of_the_configuration(void **state)
{
    write_config(state, "[p]\naws_access_key_id=NOT\naws_secret_access_key=this\n"
                        "[sso-session p]\naws_access_key_id=NOR\naws_secret_access_key=this\n"
                        "[profile p]\nregion = eu-p-1\naws_access_key_id=C\n"
                        "aws_secret_access_key=csecret\n[default]\nregion=eu-d-1\n");
    setenv("AWS_PROFILE", "p", 1);
    assert_found("C", "csecret", NULL, "\"p\"");
    /* The credentials file takes precedence. */
    write_credentials(state, "[p]\naws_access_key_id=F\naws_secret_access_key=fsecret\n");
    assert_found("F", "fsecret", NULL, "\"p\"");
}

static void test_profile_that_wants_more_than_is_known_here(void **state)
{
    write_config(state, "[profile r]\nrole_arn = arn\nmfa_serial = m\n"
                        "[profile s]\nsso_session = x\n[profile e]\nregion = z\n");
    setenv("AWS_PROFILE", "r", 1);
    assert_none("mfa_serial");
    setenv("AWS_PROFILE", "s", 1);
    assert_none("sso_session");
    setenv("AWS_PROFILE", "e", 1);
    assert_none("has no credentials");
}

/* Makes profile p's command print a JSON object, which must not be credentials. */
static void assert_printed_refused(void *const *state, const char *json, const char *part)
{
    char text[1024];

    snprintf(text, sizeof text, "[profile p]\ncredential_process = printf '%%s' '%s'\n", json);
    write_config(state, text);
    assert_none(part);
}

static void test_credential_process(void **state)
{
    setenv("AWS_PROFILE", "p", 1);
    setenv("FROM_THE_SHELL", "PKEY", 1);
    write_config(state,
                 "[profile p]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"'"
                 "\"$FROM_THE_SHELL\"'\", \"SecretAccessKey\": \"psecret\"}'\n");
    assert_found("PKEY", "psecret", NULL, "credential_process of profile \"p\"");
    write_config(state,
                 "[profile p]\nsso_session = x\ncredential_process = echo '{\"Version\": 1,"
                 "\"AccessKeyId\": \"K\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\","
                 "\"Expiration\": \"2999-01-01T00:00:00.5Z\"}'\n");
    assert_found("K", "s", "t", "credential_process");
    /* Keys take precedence. */
    write_credentials(state, "[p]\naws_access_key_id=F\naws_secret_access_key=fsecret\n");
    assert_found("F", "fsecret", NULL, "\"p\"");
}

static void test_credential_process_without_credentials(void **state)
{
    setenv("AWS_PROFILE", "p", 1);
    write_config(state, "[profile p]\ncredential_process = echo log in first >&2; exit 3\n");
    assert_none("credential_process of profile \"p\" failed with exit code 3");
    write_config(state, "[profile p]\ncredential_process = there-is-no-such-program\n");
    assert_none("failed with exit code 127");
    write_config(state, "[profile p]\ncredential_process = kill -9 $$\n");
    assert_none("failed with signal 9");
    write_config(state, "[profile p]\ncredential_process = yes\n");
    assert_none("prints more than credentials");
    assert_printed_refused(state, "", "does not print a JSON object");
    assert_printed_refused(state, "[1]", "does not print a JSON object");
    assert_printed_refused(state, "{\"Version\":2,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s\"}",
                           "Version is not 1");
    assert_printed_refused(state, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s\"}",
                           "Version is not 1");
    assert_printed_refused(state, "{\"Version\":1,\"AccessKeyId\":\"K\"}", "no SecretAccessKey");
    assert_printed_refused(state, "{\"Version\":1,\"SecretAccessKey\":\"s\"}", "no AccessKeyId");
    assert_printed_refused(state,
                           "{\"Version\":1,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s\","
                           "\"Expiration\":\"2001-01-01T00:00:00Z\"}",
                           "have expired");
}

/* STS's response; the sizes are those of the following bodies. */
#define ROLE_XML(action)                                                                           \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action "Result>"   \
    "<Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>rolesecret</SecretAccessKey>" \
    "<SessionToken>r/t=</SessionToken></Credentials></" action "Result></" action "Response>"
#define DENIED_XML                                                                                 \
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"                           \
    "<Message>not you</Message></Error></ErrorResponse>"

/* A response with this body, which the caller frees. */
static char *answer_of(const char *status, const char *body)
{
    char *answer = malloc(strlen(body) + 200);

    assert_non_null(answer);
    sprintf(answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
    return answer;
}

/* Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider". */
static void test_role_by_a_token_of_a_web_identity(void **state)
{
    char *answer = answer_of("200 OK", ROLE_XML("AssumeRoleWithWebIdentity"));
    const char *const answers[] = {answer, answer, NULL};
    HttpServer server;

    server_start(&server, answers);
    file_write(folder_path(state, "token"), BYTES("to/ken+1=\n"));
    setenv("AWS_ENDPOINT_URL_STS", server.url, 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", folder_path(state, "token"), 1);
    assert_none("AWS_ROLE_ARN");
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
    /* It takes precedence over profiles. */
    write_credentials(state, "[default]\naws_access_key_id=F\naws_secret_access_key=fsecret\n");
    assert_found("ROLEKEY", "rolesecret", "r/t=", "role/x");
    write_config(state, "[profile w]\nrole_arn = arn:w\nrole_session_name = me\n"
                        "web_identity_token_file = /missing\n");
    setenv("AWS_ROLE_SESSION_NAME", "other", 1);
    assert_found("ROLEKEY", "rolesecret", "r/t=", "role/x");
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    setenv("AWS_PROFILE", "w", 1);
    assert_none("/missing");
    server_stop(&server, 2);
    assert_contains(server.requests[0], "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
    assert_contains(server.requests[0], "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&");
    assert_contains(server.requests[0], "&WebIdentityToken=to%2Fken%2B1%3D");
    assert_lacks(server.requests[0], "Authorization:");
    assert_contains(server.requests[1], "&RoleSessionName=other&");
    free(answer);
}

static void test_role_that_another_profile_takes_on(void **state)
{
    char *answer = answer_of("200 OK", ROLE_XML("AssumeRole"));
    const char *const answers[] = {answer, answer, answer, answer, NULL};
    HttpServer server;

    server_start(&server, answers);
    setenv("AWS_ENDPOINT_URL_STS", server.url, 1);
    write_config(state,
                 "[profile r]\nrole_arn = arn:r\nsource_profile = s\nexternal_id = e d\n"
                 "role_session_name = me\n[profile chain]\nrole_arn = arn:c\n"
                 "source_profile = r\n[profile own]\nrole_arn = arn:o\n"
                 "source_profile = own\naws_access_key_id=OWN\naws_secret_access_key=osecret\n"
                 "[profile e]\nrole_arn=arn:e\ncredential_source = Environment\n"
                 "[profile x]\nrole_arn=arn:x\n[profile a]\nrole_arn=arn:a\n"
                 "source_profile=b\n[profile b]\nrole_arn=arn:b\nsource_profile=a\n");
    write_credentials(state, "[s]\naws_access_key_id=SOURCE\naws_secret_access_key=ssecret\n");
    setenv("AWS_REGION", "eu-x-1", 1);
    setenv("AWS_PROFILE", "r", 1);
    assert_found("ROLEKEY", "rolesecret", "r/t=", "arn:r");
    setenv("AWS_PROFILE", "chain", 1);
    assert_found("ROLEKEY", "rolesecret", "r/t=", "arn:c");
    setenv("AWS_PROFILE", "own", 1);
    assert_found("ROLEKEY", "rolesecret", "r/t=", "arn:o");
    setenv("AWS_PROFILE", "e", 1);
    assert_none("assume its role");
    setenv("AWS_PROFILE", "x", 1);
    assert_none("neither source_profile");
    setenv("AWS_PROFILE", "a", 1);
    assert_none("too long");
    server_stop(&server, 4);
    assert_contains(server.requests[0], "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&"
                                        "RoleSessionName=me&ExternalId=e%20d");
    assert_contains(server.requests[0], "Credential=SOURCE/");
    assert_contains(server.requests[0], "/eu-x-1/sts/aws4_request");
    /* In a chain each role assumes the next one. */
    assert_contains(server.requests[1], "Credential=SOURCE/");
    assert_contains(server.requests[2], "Credential=ROLEKEY/");
    assert_contains(server.requests[2], "RoleArn=arn%3Ac&");
    assert_contains(server.requests[3], "Credential=OWN/");
    free(answer);
}

static void test_denied_role_is_reported(void **state)
{
    char *denied = answer_of("403 Forbidden", DENIED_XML);
    char *strange = answer_of("200 OK", "<html></html>");
    const char *const answers[] = {denied, strange, NULL};
    HttpServer server;

    server_start(&server, answers);
    setenv("AWS_ENDPOINT_URL", server.url, 1);
    write_config(state, "[profile r]\nrole_arn = arn:r\nsource_profile = r\n"
                        "aws_access_key_id=OWN\naws_secret_access_key=osecret\n");
    setenv("AWS_PROFILE", "r", 1);
    assert_none("AccessDenied");
    assert_none("arn:r");
    server_stop(&server, 2);
    free(denied);
    free(strange);
}

static void test_files_that_the_environment_names(void **state)
{
    file_write(folder_path(state, "keys"),
               BYTES("[default]\naws_access_key_id=K\naws_secret_access_key=ksecret\n"));
    setenv("AWS_SHARED_CREDENTIALS_FILE", folder_path(state, "keys"), 1);
    assert_found("K", "ksecret", NULL, "default");
    setenv("AWS_SHARED_CREDENTIALS_FILE", folder_path(state, "missing"), 1);
    assert_none("missing");
    setenv("AWS_SHARED_CREDENTIALS_FILE", folder_path(state, ".aws"), 1);
    assert_none(".aws");
}

static void assert_region(const char *expected)
{
    char *region;
    Error error = {0};

    assert_done(aws_region_find(&region, &error), &error);
    if (expected == NULL) {
        assert_null(region);
    } else {
        assert_string_equal(region, expected);
    }
    free(region);
}

static void test_region(void **state)
{
    assert_region(NULL);
    write_config(state, "[default]\nregion = eu-d-1\ns3 =\n  region = nested\n"
                        "[profile p]\nregion = eu-p-1\n");
    assert_region("eu-d-1");
    setenv("AWS_PROFILE", "p", 1);
    assert_region("eu-p-1");
    setenv("AWS_DEFAULT_REGION", "second", 1);
    assert_region("second");
    setenv("AWS_REGION", "first", 1);
    assert_region("first");
    assert_true(aws_region_is_valid("us-gov-west-1"));
    assert_false(aws_region_is_valid(""));
    assert_false(aws_region_is_valid("a.b"));
    assert_false(aws_region_is_valid("a/b"));
    assert_false(aws_region_is_valid("a b"));
}

static void test_container_is_asked_with_its_token(void **state)
{
    static const char *const ANSWERS[] = {CREDENTIALS, CREDENTIALS, NULL};
    HttpServer server;
    char url[128];

    server_start(&server, ANSWERS);
    snprintf(url, sizeof url, "%s/role?id=1", server.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer x", 1);
    assert_found("ROLEKEY", "rolesecret", "rt", "container");
    file_write(folder_path(state, "token"), BYTES("from file\n"));
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder_path(state, "token"), 1);
    assert_found("ROLEKEY", "rolesecret", "rt", "container");
    server_stop(&server, 2);
    assert_contains(server.requests[0], "GET /role?id=1 ");
    assert_contains(server.requests[0], "Authorization: Bearer x\r\n");
    assert_contains(server.requests[1], "Authorization: from file\r\n");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder_path(state, "missing"), 1);
    assert_none("missing");
}

static void test_container_without_credentials_is_reported(void **state)
{
    static const char *const ANSWERS[] = {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
                                          JSON("2", "{}"), JSON("4", "none"), NULL};
    HttpServer server;

    (void)state;
    server_start(&server, ANSWERS);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url, 1);
    assert_none("status 403");
    assert_none("no credentials");
    assert_none("no credentials");
    server_stop(&server, 3);
}

static void assert_container_url(const char *expected)
{
    Buffer url = {0};
    Error error = {0};

    if (expected == NULL) {
        assert_refused(aws_container_url(&url, &error), &error, EXIT_CODE_REFUSED);
    } else {
        assert_done(aws_container_url(&url, &error), &error);
        assert_slice_equal(buffer_slice(&url), slice_text(expected));
    }
    buffer_free(&url);
}

/* Source: AWS SDKs and Tools Reference Guide, "Container credential provider". */
static void test_container_must_be_beside_the_program_or_https(void **state)
{
    static const char *const ALLOWED[] = {"http://localhost:1/x",   "http://127.0.0.7/x",
                                          "http://169.254.170.23/", "http://[fd00:ec2::23]/x",
                                          "http://[::1]:8/",        "https://elsewhere.example/x"};
    static const char *const REFUSED[] = {"http://elsewhere.example/x", "http://127.0.0.1.example/",
                                          "http://10.0.0.1/", "ftp://localhost/",
                                          /* libcurl would take these for plain HTTP. */
                                          "localhost:1/x", "127.0.0.1/x", "elsewhere.example/x",
                                          "//elsewhere.example/x", "/x", "elsewhere.example/?a://b",
                                          "elsewhere.example:80/http://localhost/"};

    (void)state;
    assert_container_url("");
    for (size_t i = 0; i < COUNT_OF(ALLOWED); i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", ALLOWED[i], 1);
        assert_container_url(ALLOWED[i]);
    }
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", REFUSED[i], 1);
        assert_container_url(NULL);
    }
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1", 1);
    assert_container_url("http://169.254.170.2/v2/credentials/1");
    /* The address must stay the host. */
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".elsewhere.example/", 1);
    assert_container_url(NULL);
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@elsewhere.example/", 1);
    assert_container_url(NULL);
}

/* Source: Amazon EC2 User Guide, "Use IMDSv2". */
static void test_instance_is_asked_for_token_role_and_credentials(void **state)
{
    static const char *const ANSWERS[] = {JSON("5", "TOKEN"), JSON("9", "my role\n\n"), CREDENTIALS,
                                          NULL};
    HttpServer server;

    (void)state;
    server_start(&server, ANSWERS);
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url, 1);
    assert_found("ROLEKEY", "rolesecret", "rt", "instance");
    server_stop(&server, 3);
    assert_contains(server.requests[0], "PUT /latest/api/token ");
    assert_contains(server.requests[0], "X-aws-ec2-metadata-token-ttl-seconds: ");
    assert_contains(server.requests[1], "GET /latest/meta-data/iam/security-credentials/ ");
    assert_contains(server.requests[1], "X-aws-ec2-metadata-token: TOKEN\r\n");
    assert_contains(server.requests[2], "/latest/meta-data/iam/security-credentials/my%20role ");
    assert_contains(server.requests[2], "X-aws-ec2-metadata-token: TOKEN\r\n");
}

static void test_instance_without_role_or_service_has_none(void **state)
{
    static const char *const ANSWERS[] = {JSON("5", "TOKEN"),
                                          "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n", NULL};
    HttpServer server;

    (void)state;
    server_start(&server, ANSWERS);
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url, 1);
    assert_none("no credentials were found");
    server_stop(&server, 2);
    /* The server has stopped. */
    assert_none("no credentials were found");
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(test_environment_comes_first),
        IN_HOME(test_half_of_a_key_pair_is_an_error),
        IN_HOME(test_missing_credentials_are_reported),
        IN_HOME(test_profiles_of_the_credentials_file),
        IN_HOME(test_profiles_of_the_configuration),
        IN_HOME(test_profile_that_wants_more_than_is_known_here),
        IN_HOME(test_credential_process),
        IN_HOME(test_credential_process_without_credentials),
        IN_HOME(test_role_by_a_token_of_a_web_identity),
        IN_HOME(test_role_that_another_profile_takes_on),
        IN_HOME(test_denied_role_is_reported),
        IN_HOME(test_files_that_the_environment_names),
        IN_HOME(test_region),
        IN_HOME(test_container_is_asked_with_its_token),
        IN_HOME(test_container_without_credentials_is_reported),
        IN_HOME(test_container_must_be_beside_the_program_or_https),
        IN_HOME(test_instance_is_asked_for_token_role_and_credentials),
        IN_HOME(test_instance_without_role_or_service_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
