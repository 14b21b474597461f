/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending batches: unwritten items are retried, but not forever; and a single failure ends it.
 */
#include "tests/unit/http_server.h"

#include "common/store/dynamodb/senders.h"

#define ANSWER(status, size, body) "HTTP/1.1 " status "\r\nContent-Length: " size "\r\n\r\n" body
#define WRITTEN ANSWER("200 OK", "23", "{\"UnprocessedItems\":{}}")
#define UNPROCESSED ANSWER("200 OK", "41", "{\"UnprocessedItems\":{\"kvstore\":[\"item\"]}}")
#define DENIED                                                                                     \
    ANSWER("400 Bad Request", "50", "{\"__type\":\"x#AccessDeniedException\",\"message\":\"m\"}")

enum { PATIENT_S = 1000, REQUESTS = 2 };

typedef struct Sending {
    HttpServer server;
    DynamoOptions options;
    DynamoClient *client;
    RateLimit rate;
    DynamoSenders *senders;
    DynamoBatch batch;
} Sending;

static void start(Sending *sending, const char *const *answers, unsigned patience_s)
{
    Error error = {0};

    setenv("AWS_ACCESS_KEY_ID", "KEY", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    server_start(&sending->server, answers);
    sending->options =
        (DynamoOptions){.table = "kvstore", .endpoint = sending->server.url, .region = "us-east-1"};
    assert_done(dynamo_client_open(&sending->options, "test", &sending->client, &error), &error);
    rate_limit_init(&sending->rate, 0);
    assert_done(dynamo_senders_start(sending->client, &sending->rate, REQUESTS, patience_s,
                                     &sending->senders, &error),
                &error);
}

static void end(Sending *sending)
{
    dynamo_senders_stop(sending->senders);
    dynamo_batch_free(&sending->batch);
    dynamo_client_close(sending->client);
    rate_limit_destroy(&sending->rate);
    server_end(&sending->server);
}

/* The server must have got exactly this many requests. */
static void stop(Sending *sending, size_t requests)
{
    end(sending);
    assert_int_equal(sending->server.request_count, requests);
}

static bool put(Sending *sending, Error *error)
{
    static const Entry ENTRY = {
        {(const uint8_t *)"p", 1}, {(const uint8_t *)"k", 1}, {(const uint8_t *)"v", 1}};

    return dynamo_senders_put(sending->senders, &sending->batch, &ENTRY, error);
}

/* Puts an entry, and submits it. */
static void put_and_submit(Sending *sending)
{
    Error error = {0};

    assert_done(put(sending, &error), &error);
    assert_done(dynamo_senders_submit(sending->senders, &sending->batch, &error), &error);
}

static void test_unwritten_items_are_sent_again(void **state)
{
    static const char *const ANSWERS[] = {UNPROCESSED, UNPROCESSED, WRITTEN, NULL};
    Sending sending = {0};
    Error error = {0};

    (void)state;
    start(&sending, ANSWERS, PATIENT_S);
    put_and_submit(&sending);
    assert_done(dynamo_senders_drain(sending.senders, &error), &error);
    stop(&sending, 3);
}

static void test_a_table_that_takes_nothing_for_long_is_an_error(void **state)
{
    static const char *const ANSWERS[] = {UNPROCESSED, NULL};
    Sending sending = {0};
    Error error = {0};

    (void)state;
    start(&sending, ANSWERS, 0);
    put_and_submit(&sending);
    assert_refused(dynamo_senders_drain(sending.senders, &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, "kvstore");
    stop(&sending, 1);
}

static void test_a_full_batch_is_sent_by_itself(void **state)
{
    static const char *const ANSWERS[] = {WRITTEN, WRITTEN, NULL};
    Sending sending = {0};
    Error error = {0};

    (void)state;
    start(&sending, ANSWERS, PATIENT_S);
    for (int i = 0; i < 26; i++) {
        assert_done(put(&sending, &error), &error);
    }
    assert_int_equal(sending.batch.items, 1);
    assert_done(dynamo_senders_submit(sending.senders, &sending.batch, &error), &error);
    assert_done(dynamo_senders_drain(sending.senders, &error), &error);
    assert_int_equal(sending.batch.items, 0);
    stop(&sending, 2);
}

static void test_a_failure_stays(void **state)
{
    static const char *const ANSWERS[] = {DENIED, NULL};
    Sending sending = {0};
    Error error = {0};

    (void)state;
    start(&sending, ANSWERS, PATIENT_S);
    put_and_submit(&sending);
    assert_refused(dynamo_senders_drain(sending.senders, &error), &error, EXIT_CODE_REFUSED);
    assert_contains(error.message, "AccessDeniedException");
    error = (Error){0};
    assert_done(put(&sending, &error), &error);
    assert_refused(dynamo_senders_submit(sending.senders, &sending.batch, &error), &error,
                   EXIT_CODE_REFUSED);
    assert_contains(error.message, "AccessDeniedException");
    stop(&sending, 1);
}

/* Stopping does not wait for work that is no longer needed. */
static void test_stopping_ends_requests_in_flight(void **state)
{
    static const char *const ANSWERS[] = {UNPROCESSED, UNPROCESSED, UNPROCESSED, UNPROCESSED,
                                          UNPROCESSED, UNPROCESSED, UNPROCESSED, UNPROCESSED,
                                          UNPROCESSED, UNPROCESSED, UNPROCESSED, UNPROCESSED,
                                          UNPROCESSED, UNPROCESSED, UNPROCESSED, NULL};
    Sending sending = {0};

    (void)state;
    start(&sending, ANSWERS, PATIENT_S);
    for (int i = 0; i < 1 + REQUESTS; i++) {
        put_and_submit(&sending);
    }
    end(&sending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwritten_items_are_sent_again),
        cmocka_unit_test(test_a_table_that_takes_nothing_for_long_is_an_error),
        cmocka_unit_test(test_a_full_batch_is_sent_by_itself),
        cmocka_unit_test(test_a_failure_stays),
        cmocka_unit_test(test_stopping_ends_requests_in_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
