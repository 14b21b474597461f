/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names that are not found: for a while, or ever.  This program's own getaddrinfo takes the
 * place of the C library's, for libcurl too.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "tests/unit/http_server.h"

#include "common/http/client.h"
#include "common/http/retry.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>

static const char HOST[] = "busy.test";

/* How many look-ups of HOST fail, and how many there were. */
static atomic_int failures;
static atomic_int lookups;

typedef int LookUp(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    static LookUp *next;

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    }
    if (node != NULL && strcmp(node, HOST) == 0) {
        if (atomic_fetch_add(&lookups, 1) < atomic_load(&failures)) {
            return EAI_AGAIN;
        }
        node = "127.0.0.1";
    }
    return next(node, service, hints, result);
}

static bool do_not_wait(void *state, uint32_t milliseconds, Error *error)
{
    (void)state;
    (void)milliseconds;
    (void)error;
    return true;
}

static bool ask(HttpClient *client, const HttpServer *server, HttpResponse *response, Error *error)
{
    RetryPolicy policy = RETRY_DEFAULT;
    char url[64];
    HttpRequest request = {.method = "GET", .url = url, .response_limit = 100, .direct = true};

    policy.wait = do_not_wait;
    snprintf(url, sizeof url, "http://%s%s", HOST, strrchr(server->url, ':'));
    return http_send_retrying(client, &policy, NULL, &request, response, error);
}

static HttpClient *client_with(int failing)
{
    const HttpOptions options = {.user_agent = "test", .timeout_ms = 60000};
    HttpClient *client;
    Error error = {0};

    atomic_store(&failures, failing);
    atomic_store(&lookups, 0);
    assert_done(http_client_new(&options, &client, &error), &error);
    return client;
}

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void test_name_that_is_found_later_is_asked_for_again(void **state)
{
    static const char *const ANSWERS[] = {ANSWER, ANSWER, NULL};

    (void)state;
    for (int failing = 0; failing <= 5; failing++) {
        HttpServer server;
        HttpClient *client = client_with(failing);
        HttpResponse response = {0};
        Error error = {0};

        server_start(&server, ANSWERS);
        assert_done(ask(client, &server, &response, &error), &error);
        assert_int_equal(response.status, 200);
        /* What failed leaves nothing behind for the next request either. */
        assert_done(ask(client, &server, &response, &error), &error);
        assert_slice_equal(buffer_slice(&response.body), BYTES("ok"));
        assert_true(atomic_load(&lookups) > failing);
        http_response_free(&response);
        http_client_free(client);
        server_stop(&server, 2);
    }
}

static void test_name_that_is_never_found_is_told(void **state)
{
    static const char *const ANSWERS[] = {ANSWER, NULL};
    HttpServer server;
    HttpClient *client = client_with(6);
    HttpResponse response = {0};
    Error error = {0};

    (void)state;
    server_start(&server, ANSWERS);
    assert_refused(ask(client, &server, &response, &error), &error, EXIT_CODE_CONNECTION);
    assert_contains(error.message, "Could not resolve host");
    assert_contains(error.message, HOST);
    assert_int_equal(atomic_load(&lookups), RETRY_DEFAULT.attempts);
    error = (Error){0};
    assert_done(ask(client, &server, &response, &error), &error);
    http_response_free(&response);
    http_client_free(client);
    server_stop(&server, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_that_is_found_later_is_asked_for_again),
        cmocka_unit_test(test_name_that_is_never_found_is_told),
    };

    return cmocka_run_group_tests_name("host names", tests, NULL, NULL);
}
