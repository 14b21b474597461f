/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/store/dynamodb/rate_limit.h"

static void test_rate_holds_a_second_and_no_more(void **state)
{
    enum { SECOND = 1000 * 1000, START = 100 * SECOND };
    RateLimit limit;

    (void)state;
    rate_limit_init(&limit, 100);
    /* The units of a second are available. */
    assert_int_equal(rate_limit_take(&limit, START, 60), 0);
    assert_int_equal(rate_limit_take(&limit, START, 40), 0);
    /* From now on each costs a hundredth of a second, and later callers wait longer. */
    assert_int_equal(rate_limit_take(&limit, START, 10), SECOND / 10);
    assert_int_equal(rate_limit_take(&limit, START, 10), SECOND / 5);
    /* Time restores units. */
    assert_int_equal(rate_limit_take(&limit, START + SECOND / 5, 10), SECOND / 10);
    /* Unused units are not saved up. */
    assert_int_equal(rate_limit_take(&limit, START + 60 * SECOND, 100), 0);
    assert_int_equal(rate_limit_take(&limit, START + 60 * SECOND, 1), SECOND / 100);
    /* One batch may need more than a second's units. */
    assert_int_equal(rate_limit_take(&limit, START + 120 * SECOND, 1000), 9 * SECOND);
    rate_limit_destroy(&limit);
}

static void test_without_a_rate_there_is_no_limit(void **state)
{
    RateLimit limit;

    (void)state;
    rate_limit_init(&limit, 0);
    assert_int_equal(rate_limit_take(&limit, 1, UINT32_MAX), 0);
    assert_int_equal(rate_limit_take(&limit, 1, UINT32_MAX), 0);
    rate_limit_destroy(&limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_holds_a_second_and_no_more),
        cmocka_unit_test(test_without_a_rate_there_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
