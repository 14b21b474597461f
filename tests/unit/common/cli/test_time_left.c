/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/cli/time_left.h"

static void assert_seconds(double actual, double expected)
{
    assert_true(actual > expected - 0.001 && actual < expected + 0.001);
}

/* The first phase of three, of 1000 rows. */
static PhaseState first_phase(uint64_t rows, double seconds)
{
    return (PhaseState){.rows = rows,
                        .total_rows = 1000,
                        .seconds = seconds,
                        .expected = -1,
                        .weight = 2,
                        .later_weight = 1};
}

static void test_nothing_is_estimated_from_the_first_rows(void **state)
{
    PhaseState early = first_phase(500, 1.9);
    PhaseState slow = first_phase(19, 100);
    PhaseState unknown = first_phase(500, 100);

    (void)state;
    unknown.total_rows = 0;
    assert_seconds(time_left(&early), -1);
    assert_seconds(time_left(&slow), -1);
    assert_seconds(time_left(&unknown), -1);
    assert_seconds(time_left_of_all(&early), -1);
    assert_seconds(time_left_of_all(&slow), -1);
    assert_seconds(time_left_of_all(&unknown), -1);
}

static void test_by_the_rate_and_the_weights(void **state)
{
    PhaseState phase = first_phase(250, 10);

    (void)state;
    assert_seconds(time_left(&phase), 30);
    /* 40 seconds with a weight of 2, so 20 for the rest. */
    assert_seconds(time_left_of_all(&phase), 50);
    phase.weight = 0;
    assert_seconds(time_left(&phase), 30);
    assert_seconds(time_left_of_all(&phase), -1);
    phase.later_weight = 0;
    assert_seconds(time_left_of_all(&phase), 30);
    phase.weight = 2;
    phase.later_weight = -1;
    assert_seconds(time_left_of_all(&phase), -1);
}

static void test_more_rows_than_expected(void **state)
{
    PhaseState phase = first_phase(1021, 10);

    (void)state;
    assert_seconds(phase_fraction(&phase), -1);
    assert_seconds(time_left(&phase), -1);
    assert_seconds(time_left_of_all(&phase), -1);
    /* Such as the version's entry, which the total does not count. */
    phase.rows = 1001;
    assert_seconds(phase_fraction(&phase), 1);
    assert_seconds(time_left(&phase), 0);
    assert_seconds(time_left_of_all(&phase), 5);
}

/* Of an index nothing is done until the first leaf is: here after 0.01 of the rows. */
/* Such as an index after a load that waited for its pipe. */
static void test_a_phase_that_is_much_faster_than_earlier_ones(void **state)
{
    PhaseState phase = first_phase(200, 0.1);

    (void)state;
    phase.expected = 10;
    assert_seconds(time_left(&phase), 0.4);
    /* Not from its first rows. */
    phase.rows = 10;
    assert_true(time_left(&phase) > 9);
}

static void test_by_earlier_phases(void **state)
{
    PhaseState phase = first_phase(0, 1);

    (void)state;
    phase.expected = 10;
    assert_seconds(time_left(&phase), 10);
    phase.rows = 10;
    phase.seconds = 20;
    /* 0.01 of 1980 s by the rate, 0.99 of 9.9 s by the plan. */
    assert_seconds(time_left(&phase), 19.8 + 9.801);
    phase.seconds = 21;
    assert_seconds(time_left(&phase), -1);
    phase.rows = 500;
    assert_seconds(time_left(&phase), 0.5 * 21 + 0.5 * 5);
}

static void test_done(void **state)
{
    PhaseState phase = first_phase(10, 10);

    (void)state;
    phase.done = true;
    assert_seconds(time_left(&phase), 0);
    assert_seconds(time_left_of_all(&phase), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_estimated_from_the_first_rows),
        cmocka_unit_test(test_by_the_rate_and_the_weights),
        cmocka_unit_test(test_more_rows_than_expected),
        cmocka_unit_test(test_by_earlier_phases),
        cmocka_unit_test(test_a_phase_that_is_much_faster_than_earlier_ones),
        cmocka_unit_test(test_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
