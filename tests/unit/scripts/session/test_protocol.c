/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and answers between a script and its session, with pipes as its descriptors.
 */
#include "tests/unit/support.h"

#include "scripts/session/protocol.h"

#include <fcntl.h>
#include <unistd.h>

/* The script's ends. */
static int requests;
static int answers;

static int open_both(void **state)
{
    int to_session[2];
    int from_session[2];

    (void)state;
    /* Descriptors 3 and 4 may be in use; otherwise pipes may get these numbers, and dup2 would
     * close them. */
    if (pipe(to_session) != 0 || pipe(from_session) != 0) {
        return -1;
    }
    requests = fcntl(to_session[1], F_DUPFD, 20);
    answers = fcntl(from_session[0], F_DUPFD, 20);
    to_session[0] = fcntl(to_session[0], F_DUPFD, 20);
    from_session[1] = fcntl(from_session[1], F_DUPFD, 20);
    for (int i = 3; i < 20; i++) {
        close(i);
    }
    return dup2(to_session[0], PROTOCOL_REQUESTS) < 0 ||
                   dup2(from_session[1], PROTOCOL_ANSWERS) < 0 || close(to_session[0]) != 0 ||
                   close(from_session[1]) != 0
               ? -1
               : 0;
}

static int close_both(void **state)
{
    (void)state;
    close(requests);
    close(answers);
    return 0;
}

static void test_a_request_is_a_line(void **state)
{
    char request[PROTOCOL_REQUEST_SIZE];
    Error error = {0};

    (void)state;
    assert_done(protocol_open(&error), &error);
    assert_int_equal(protocol_next(request, 0), PROTOCOL_IDLE);
    assert_int_equal(write(requests, "begin\nexported 3\n", 17), 17);
    assert_int_equal(protocol_next(request, 1000), PROTOCOL_REQUEST);
    assert_string_equal(request, "begin");
    assert_int_equal(protocol_next(request, 1000), PROTOCOL_REQUEST);
    assert_string_equal(request, "exported 3");
    assert_int_equal(protocol_next(request, 10), PROTOCOL_IDLE);
}

static void test_the_end_of_the_script_is_the_end_of_requests(void **state)
{
    char request[PROTOCOL_REQUEST_SIZE];

    (void)state;
    assert_int_equal(write(requests, "half", 4), 4);
    close(requests);
    assert_int_equal(protocol_next(request, 1000), PROTOCOL_CLOSED);
}

static void test_a_request_without_end_is_none(void **state)
{
    char request[PROTOCOL_REQUEST_SIZE];
    char endless[PROTOCOL_REQUEST_SIZE + 10];

    (void)state;
    memset(endless, 'a', sizeof endless);
    assert_int_equal(write(requests, endless, sizeof endless), sizeof endless);
    assert_int_equal(protocol_next(request, 1000), PROTOCOL_FAILED);
}

static void test_answers_are_a_line_or_words_that_end_with_nul(void **state)
{
    static const char EXPECTED[] = "go\n"
                                   "a b\0"
                                   "x=\n\0"
                                   "\0";
    char answer[64];
    Words words = {0};
    Error error = {0};

    (void)state;
    assert_done(words_add(&words, "a b", &error), &error);
    assert_done(words_add_format(&words, &error, "%s=\n", "x"), &error);
    assert_done(protocol_answer("go", &error), &error);
    assert_done(protocol_answer_words(&words, &error), &error);
    assert_int_equal(read(answers, answer, sizeof answer), sizeof EXPECTED - 1);
    assert_memory_equal(answer, EXPECTED, sizeof EXPECTED - 1);
    words_free(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_request_is_a_line, open_both, close_both),
        cmocka_unit_test_setup_teardown(test_the_end_of_the_script_is_the_end_of_requests,
                                        open_both, close_both),
        cmocka_unit_test_setup_teardown(test_a_request_without_end_is_none, open_both, close_both),
        cmocka_unit_test_setup_teardown(test_answers_are_a_line_or_words_that_end_with_nul,
                                        open_both, close_both),
    };

    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
