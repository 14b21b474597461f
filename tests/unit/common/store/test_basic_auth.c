/* SPDX-License-Identifier: Apache-2.0 */
/* Which user and which credential are meant by USER[:ACCESS_KEY]. */
#include "common/store/basic_auth.h"

#include "tests/unit/support.h"

/* jane has one credential, joe two, nobody none; a:b and a exist both. */
static bool choose(BasicAuth *basic, const char *wanted, Error *error)
{
    static const char *const ROWS[][2] = {{"jane", "J1"},   {"joe", "K1"},  {"joe", "K2"},
                                          {"nobody", NULL}, {"a:b", "AB1"}, {"a", "b"}};

    if (!basic_auth_begin(basic, wanted, error)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        assert_done(basic_auth_see(basic, ROWS[i][0], ROWS[i][1], error), error);
    }
    return basic_auth_choose(basic, error);
}

static void assert_chosen(const char *wanted, const char *user, const char *key_id)
{
    BasicAuth basic;
    Error error;

    assert_done(choose(&basic, wanted, &error), &error);
    assert_string_equal(basic.user, user);
    assert_string_equal(basic.key_id, key_id);
    basic_auth_free(&basic);
}

static void test_chosen(void **state)
{
    (void)state;
    assert_chosen("jane", "jane", "J1");
    assert_chosen("jane:J1", "jane", "J1");
    assert_chosen("joe:K2", "joe", "K2");
    /* USER:ACCESS_KEY comes before a name as a whole. */
    assert_chosen("a:b", "a", "b");
    assert_chosen("a:b:AB1", "a:b", "AB1");
    assert_chosen("a", "a", "b");
}

static void test_refused(void **state)
{
    static const struct {
        const char *wanted;
        ExitCode code;
        const char *message;
    } CASES[] = {{"joe", EXIT_CODE_REFUSED, "has 2 credentials"},
                 {"joe:J1", EXIT_CODE_REFUSED, "has no credential \"J1\""},
                 {"nobody", EXIT_CODE_REFUSED, "has no credential"},
                 {"nobody:J1", EXIT_CODE_REFUSED, "has no credential"},
                 {"eve", EXIT_CODE_REFUSED, "there is no user \"eve\""},
                 {"eve:J1", EXIT_CODE_REFUSED, "there is no user \"eve\""},
                 {"jane:", EXIT_CODE_REFUSED, "there is no user \"jane:\""},
                 {"", EXIT_CODE_USAGE, "empty"},
                 {":J1", EXIT_CODE_USAGE, "empty"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        BasicAuth basic = {0};
        Error error;

        assert_refused(choose(&basic, CASES[i].wanted, &error), &error, CASES[i].code);
        assert_contains(error.message, CASES[i].message);
        basic_auth_free(&basic);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chosen),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
