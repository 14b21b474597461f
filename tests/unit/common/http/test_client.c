/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests: which responses are accepted, which are not, and what is retried; without waiting.
 */
#include "tests/unit/http_server.h"

#include "common/http/client.h"
#include "common/http/retry.h"

#define OK(body_size, body) "HTTP/1.1 200 OK\r\nContent-Length: " body_size "\r\n\r\n" body
#define STATUS(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

/* The requested waits. */
typedef struct Waits {
    uint32_t milliseconds[16];
    size_t count;
    bool refuse;
} Waits;

static bool note_wait(void *state, uint32_t milliseconds, Error *error)
{
    Waits *waits = state;

    waits->milliseconds[waits->count++] = milliseconds;
    return !waits->refuse || error_set(error, EXIT_CODE_FAILED, "no waiting");
}

static uint32_t no_chance(void)
{
    return 0;
}

static RetryPolicy policy_of(Waits *waits)
{
    RetryPolicy policy = RETRY_DEFAULT;

    *waits = (Waits){0};
    policy.wait = note_wait;
    policy.wait_state = waits;
    policy.random = no_chance;
    return policy;
}

static HttpClient *new_client(void)
{
    HttpOptions options = {.user_agent = "test", .timeout_ms = 5000};
    HttpClient *client;
    Error error = {0};

    assert_done(http_client_new(&options, &client, &error), &error);
    return client;
}

/* Sends a request with retries; whether it was answered. */
static bool ask(const char *url, const RetryPolicy *policy, size_t limit, HttpResponse *response,
                Error *error)
{
    HttpClient *client = new_client();
    HttpRequest request = {.method = "GET", .url = url, .response_limit = limit};
    bool answered = http_send_retrying(client, policy, NULL, &request, response, error);

    http_client_free(client);
    return answered;
}

static void assert_answered(const char *const *answers, size_t count, long status, Waits *waits)
{
    HttpServer server;
    RetryPolicy policy = policy_of(waits);
    HttpResponse response = {0};
    Error error = {0};

    server_start(&server, answers);
    assert_done(ask(server.url, &policy, 100, &response, &error), &error);
    server_stop(&server, count);
    assert_int_equal(response.status, status);
    /* Errors of earlier attempts are not the request's error. */
    assert_int_equal(error.code, 0);
    assert_string_equal(error.message, "");
    http_response_free(&response);
}

static void test_answer_has_status_headers_and_body(void **state)
{
    static const char *const ANSWERS[] = {"HTTP/1.1 100 Continue\r\nInterim: 1\r\n\r\n"
                                          "HTTP/1.1 404 Not Found\r\nX-One:  a b \r\nx-two:\r\n"
                                          "Content-Length: 4\r\nETag: \"e\"\r\n\r\nb\ndy",
                                          NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    assert_done(ask(server.url, &policy, 4, &response, &error), &error);
    server_stop(&server, 1);
    assert_int_equal(response.status, 404);
    assert_true(response.length_known);
    assert_slice_equal(buffer_slice(&response.body), BYTES("b\ndy"));
    assert_string_equal(http_response_header(&response, "etag"), "\"e\"");
    assert_string_equal(http_response_header(&response, "X-TWO"), "");
    assert_null(http_response_header(&response, "X-On"));
    assert_null(http_response_header(&response, "Interim"));
    http_response_free(&response);
    assert_int_equal(waits.count, 0);
}

static void test_path_is_sent_unchanged(void **state)
{
    static const char *const ANSWERS[] = {OK("0", ""), NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};
    char url[128];

    (void)state;
    server_start(&server, ANSWERS);
    snprintf(url, sizeof url, "%s/a/../b//./%%2E", server.url);
    assert_done(ask(url, &policy, 100, &response, &error), &error);
    server_stop(&server, 1);
    assert_contains(server.requests[0], "GET /a/../b//./%2E HTTP");
    http_response_free(&response);
}

static void test_body_whose_end_nobody_tells_is_known_as_such(void **state)
{
    static const char *const ANSWERS[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody", NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    assert_done(ask(server.url, &policy, 100, &response, &error), &error);
    server_stop(&server, 1);
    assert_false(response.length_known);
    http_response_free(&response);
}

static void test_body_over_the_limit_is_refused_at_once(void **state)
{
    static const char *const ANSWERS[] = {OK("5", "12345"), NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    assert_refused(ask(server.url, &policy, 4, &response, &error), &error, EXIT_CODE_REFUSED);
    server_stop(&server, 1);
    assert_contains(error.message, "4 bytes");
    http_response_free(&response);
}

static void test_what_may_succeed_later_is_tried_again_with_longer_waits(void **state)
{
    static const char *const ANSWERS[] = {
        STATUS("500 Oops"), "",  "HTTP/1.1 200 OK\r\nContent-", OK("9", "cut"), STATUS("429 Slow"),
        OK("4", "done"),    NULL};
    static const uint32_t WAITS[] = {50, 100, 200, 400, 800}; /* the halves that are sure */
    Waits waits;

    (void)state;
    assert_answered(ANSWERS, 6, 200, &waits);
    assert_int_equal(waits.count, COUNT_OF(WAITS));
    assert_memory_equal(waits.milliseconds, WAITS, sizeof WAITS);
}

static void test_the_last_answer_counts_when_attempts_run_out(void **state)
{
    static const char *const ANSWERS[] = {STATUS("500 1"),
                                          STATUS("500 2"),
                                          STATUS("500 3"),
                                          STATUS("500 4"),
                                          STATUS("500 5"),
                                          STATUS("503 6"),
                                          NULL};
    Waits waits;

    (void)state;
    assert_answered(ANSWERS, 6, 503, &waits);
    assert_int_equal(waits.count, 5);
}

static void test_what_will_not_change_is_not_tried_again(void **state)
{
    static const char *const ANSWERS[][2] = {
        {STATUS("200 OK"), NULL}, {STATUS("301 There"), NULL}, {STATUS("400 Bad"), NULL},
        {STATUS("403 No"), NULL}, {STATUS("404 None"), NULL},  {STATUS("501 Never"), NULL}};
    Waits waits;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ANSWERS); i++) {
        assert_answered(ANSWERS[i], 1, strtol(ANSWERS[i][0] + strlen("HTTP/1.1 "), NULL, 10),
                        &waits);
        assert_int_equal(waits.count, 0);
    }
}

static void test_the_server_says_how_long_to_wait(void **state)
{
    static const char *const ANSWERS[] = {
        "HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n", OK("2", "ok"),
        NULL};
    Waits waits;

    (void)state;
    assert_answered(ANSWERS, 3, 200, &waits);
    assert_int_equal(waits.count, 2);
    assert_int_equal(waits.milliseconds[0], 2000);
    assert_int_equal(waits.milliseconds[1], RETRY_DEFAULT.longest_wait_ms);
}

static void test_waits_are_between_a_half_and_the_whole(void **state)
{
    RetryPolicy policy = {.attempts = 9, .first_wait_ms = 100, .longest_wait_ms = 1000};

    (void)state;
    for (uint32_t random = 0; random < 200; random++) {
        assert_in_range(retry_wait_ms(&policy, 1, 0, random), 50, 100);
        assert_in_range(retry_wait_ms(&policy, 3, 0, random), 200, 400);
        assert_in_range(retry_wait_ms(&policy, 60, 0, random), 500, 1000);
    }
    assert_int_equal(retry_wait_ms(&policy, 1, 0, 50), 100);
    assert_int_equal(retry_wait_ms(&policy, 1, 700, 0), 700);
    assert_int_equal(retry_wait_ms(&policy, 1, UINT64_MAX, 0), 1000);
}

static void test_missing_server_is_retried_then_reported(void **state)
{
    static const char *const ANSWERS[] = {NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    server_stop(&server, 0);
    assert_refused(ask(server.url, &policy, 4, &response, &error), &error, EXIT_CODE_CONNECTION);
    assert_contains(error.message, server.url);
    assert_int_equal(waits.count, 5);
    http_response_free(&response);
}

static void test_a_wait_that_is_refused_is_the_end(void **state)
{
    static const char *const ANSWERS[] = {STATUS("500 Oops"), NULL};
    HttpServer server;
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    waits.refuse = true;
    server_start(&server, ANSWERS);
    assert_refused(ask(server.url, &policy, 4, &response, &error), &error, EXIT_CODE_FAILED);
    server_stop(&server, 1);
    assert_string_equal(error.message, "no waiting");
    http_response_free(&response);
}

static void test_a_stopped_client_asks_nothing(void **state)
{
    static const char *const ANSWERS[] = {NULL};
    HttpServer server;
    HttpClient *client = new_client();
    HttpRequest request = {.method = "GET", .response_limit = 1};
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    request.url = server.url;
    http_client_stop(client);
    assert_refused(http_send_retrying(client, &RETRY_DEFAULT, NULL, &request, &response, &error),
                   &error, EXIT_CODE_FAILED);
    server_stop(&server, 0);
    http_client_free(client);
}

static void test_only_http_is_supported_and_queries_are_not_shown(void **state)
{
    Waits waits;
    RetryPolicy policy = policy_of(&waits);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    assert_refused(ask("file:///etc/passwd?secret", &policy, 4096, &response, &error), &error,
                   EXIT_CODE_REFUSED);
    assert_lacks(error.message, "secret");
    assert_int_equal(waits.count, 0);
}

/* libcurl signs; the other headers to be signed are set here. */
static void test_a_signed_request_has_all_that_belongs_to_a_signature(void **state)
{
    static const char *const ANSWERS[] = {OK("0", ""), OK("0", ""), NULL};
    HttpSigning signing = {.region = "eu-x-1",
                           .service = "dynamodb",
                           .access_key_id = "KEY",
                           .secret_access_key = "hush",
                           .session_token = "session"};
    HttpServer server;
    HttpClient *client = new_client();
    HttpRequest request = {.method = "POST",
                           .headers = (const char *const[]){"X-Amz-Target: a", NULL},
                           .body = slice_text("abc"),
                           .signing = &signing};
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    request.url = server.url;
    assert_done(http_send(client, &request, &response, &error), &error);
    /* Settings of a request do not affect the next one. */
    request.signing = NULL;
    request.method = "GET";
    request.body = (Slice){0};
    assert_done(http_send(client, &request, &response, &error), &error);
    server_stop(&server, 2);
    http_response_free(&response);
    http_client_free(client);
    assert_memory_equal(server.requests[0], "POST ", 5);
    /* SHA-256 of "abc": FIPS 180-2, appendix B.1. */
    assert_contains(server.requests[0],
                    "x-amz-content-sha256: "
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\r\n");
    assert_contains(server.requests[0], "x-amz-security-token: session\r\n");
    assert_contains(server.requests[0], "Credential=KEY/");
    assert_contains(server.requests[0], "/eu-x-1/dynamodb/aws4_request");
    assert_contains(server.requests[0], "x-amz-content-sha256;x-amz-date;x-amz-security-token;");
    assert_lacks(server.requests[0], "hush");
    assert_memory_equal(server.requests[1], "GET ", 4);
    assert_lacks(server.requests[1], "KEY");
    assert_lacks(server.requests[1], "session");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_has_status_headers_and_body),
        cmocka_unit_test(test_path_is_sent_unchanged),
        cmocka_unit_test(test_body_whose_end_nobody_tells_is_known_as_such),
        cmocka_unit_test(test_body_over_the_limit_is_refused_at_once),
        cmocka_unit_test(test_what_may_succeed_later_is_tried_again_with_longer_waits),
        cmocka_unit_test(test_the_last_answer_counts_when_attempts_run_out),
        cmocka_unit_test(test_what_will_not_change_is_not_tried_again),
        cmocka_unit_test(test_the_server_says_how_long_to_wait),
        cmocka_unit_test(test_waits_are_between_a_half_and_the_whole),
        cmocka_unit_test(test_missing_server_is_retried_then_reported),
        cmocka_unit_test(test_a_wait_that_is_refused_is_the_end),
        cmocka_unit_test(test_a_stopped_client_asks_nothing),
        cmocka_unit_test(test_only_http_is_supported_and_queries_are_not_shown),
        cmocka_unit_test(test_a_signed_request_has_all_that_belongs_to_a_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
