/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of options: times, whole numbers, and connection strings in visible arguments.
 */
#include "tests/unit/support.h"

#include <limits.h>

#include "common/pg/options.h"

static void test_durations_have_the_units_of_postgresql(void **state)
{
    static const struct {
        const char *text;
        int milliseconds;
    } CASES[] = {
        {"0", 0},         {"1", 1},        {"250", 250}, {"500ms", 500}, {"10s", 10000},
        {"2min", 120000}, {"1h", 3600000}, {"0s", 0},    {"007s", 7000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Error error = {0};
        int milliseconds = -1;

        assert_done(option_duration("--wait", CASES[i].text, &milliseconds, &error), &error);
        assert_int_equal(milliseconds, CASES[i].milliseconds);
    }
}

/* PostgreSQL's lock_timeout is a 32-bit number of milliseconds. */
static void test_durations_end_at_32_bits_of_milliseconds(void **state)
{
    static const struct {
        const char *longest;
        int milliseconds;
        const char *too_long;
    } CASES[] = {
        {"2147483647", 2147483647, "2147483648"},
        {"2147483647ms", 2147483647, "2147483648ms"},
        {"2147483s", 2147483000, "2147484s"},
        {"35791min", 2147460000, "35792min"},
        {"596h", 2145600000, "597h"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Error error = {0};
        int milliseconds = -1;

        assert_done(option_duration("--wait", CASES[i].longest, &milliseconds, &error), &error);
        assert_int_equal(milliseconds, CASES[i].milliseconds);
        assert_refused(option_duration("--wait", CASES[i].too_long, &milliseconds, &error), &error,
                       EXIT_CODE_USAGE);
    }
}

static void test_other_durations_are_refused_with_what_was_written(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "s",
        "ms",
        "ten",
        "-1",
        "-1s",
        "1.5s",
        "10 s",
        "10sec",
        "10m",
        "10S",
        "10d",
        "1h30",
        "0x10",
        "10s\n",
        "1h30min",
        "1e3",
        "10s ",
        "10,5",
        "--",
        "99999999999999999999",
        "9223372036854775807h",
        "99999999999999999999s",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Error error = {0};
        int milliseconds;
        char quoted[64];

        if (option_duration("--lock-wait-timeout", TEXTS[i], &milliseconds, &error)) {
            fail_msg("taken: \"%s\"", TEXTS[i]);
        }
        snprintf(quoted, sizeof quoted, "\"%s\"", TEXTS[i]);
        assert_int_equal(error.code, EXIT_CODE_USAGE);
        assert_contains(error.message, "--lock-wait-timeout");
        assert_contains(error.message, quoted);
        assert_string_not_equal(error.hint, "");
    }
}

static void test_numbers_are_taken_up_to_both_limits(void **state)
{
    static const struct {
        const char *text;
        long number;
    } CASES[] = {{"-3", -3}, {"-2", -2}, {"0", 0}, {"19", 19}, {"0019", 19}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Error error = {0};
        long number = 12345;

        assert_done(option_number("-Z", CASES[i].text, -3, 19, &number, &error), &error);
        assert_int_equal(number, CASES[i].number);
    }
}

static void test_other_numbers_are_refused_with_the_limits(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "x",
        "-4",
        "20",
        "1 ",
        "1x",
        "1.0",
        "0x1",
        "1e1",
        "--1",
        "1,",
        "1\n",
        "one",
        "99999999999999999999",
        "-99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Error error = {0};
        long number;
        char quoted[64];

        if (option_number("--compress", TEXTS[i], -3, 19, &number, &error)) {
            fail_msg("taken: \"%s\"", TEXTS[i]);
        }
        snprintf(quoted, sizeof quoted, "\"%s\"", TEXTS[i]);
        assert_int_equal(error.code, EXIT_CODE_USAGE);
        assert_contains(error.message, "--compress");
        assert_contains(error.message, "from -3 to 19");
        assert_contains(error.message, quoted);
    }
}

static void test_limits_may_be_those_of_the_type(void **state)
{
    Error error = {0};
    char text[32];
    long number;

    (void)state;
    snprintf(text, sizeof text, "%ld", LONG_MAX);
    assert_done(option_number("-x", text, LONG_MIN, LONG_MAX, &number, &error), &error);
    assert_true(number == LONG_MAX);
    snprintf(text, sizeof text, "%ld", LONG_MIN);
    assert_done(option_number("-x", text, LONG_MIN, LONG_MAX, &number, &error), &error);
    assert_true(number == LONG_MIN);
    /* strtol returns the limit for larger numbers. */
    assert_refused(option_number("-x", "99999999999999999999", 0, LONG_MAX, &number, &error),
                   &error, EXIT_CODE_USAGE);
}

/* Takes a name or connection string from an argument, a copy of `text`. */
static CommonOptions take_dbname(const char *text, char **argument)
{
    CommonOptions options;
    Error error = {0};

    *argument = strdup(text);
    assert_non_null(*argument);
    common_options_init(&options, "test");
    assert_done(common_options_set_dbname(&options, *argument, &error), &error);
    return options;
}

static void test_password_does_not_stay_in_the_arguments(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://u:hunter2@h:5433/d?sslmode=disable",
        "postgresql://h/d?password=hunter2",
        "host=h password='hunter2 and a long rest of hunter2' user=u",
        "password=hunter2",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        size_t size = strlen(TEXTS[i]);
        char *argument;
        CommonOptions options = take_dbname(TEXTS[i], &argument);

        assert_string_equal(options.pg.dbname, TEXTS[i]);
        /* Nor after the end of a text that has become shorter: all of it is visible. */
        for (size_t at = 0; at + 7 <= size; at++) {
            assert_memory_not_equal(argument + at, "hunter2", 7);
        }
        free(argument);
        /* The copy does not need the argument. */
        assert_string_equal(options.pg.dbname, TEXTS[i]);
        common_options_free(&options);
    }
}

static void test_no_other_secret_stays_in_the_arguments(void **state)
{
    static const char TEXT[] = "host=h sslkey=client.key sslpassword=hunter2";
    char *argument;
    CommonOptions options = take_dbname(TEXT, &argument);

    (void)state;
    assert_string_equal(options.pg.dbname, TEXT);
    for (size_t at = 0; at + 7 < sizeof TEXT; at++) {
        assert_memory_not_equal(argument + at, "hunter2", 7);
    }
    common_options_free(&options);
    free(argument);
}

static void test_argument_without_secrets_is_unchanged(void **state)
{
    static const char *const TEXTS[] = {"lakefs", "it's a \\ name", "", "postgres://u@h/d",
                                        "host=h user=u"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        char *argument;
        CommonOptions options = take_dbname(TEXTS[i], &argument);

        assert_string_equal(argument, TEXTS[i]);
        assert_string_equal(options.pg.dbname, TEXTS[i]);
        common_options_free(&options);
        free(argument);
    }
}

static void test_last_of_several_connection_strings_counts(void **state)
{
    char first[] = "postgres://u:hunter2@first/d";
    char second[] = "postgres://u:hunter3@second/d";
    char third[] = "third";
    CommonOptions options;
    Error error = {0};

    (void)state;
    common_options_init(&options, "test");
    assert_done(common_options_set_dbname(&options, first, &error), &error);
    assert_done(common_options_set_dbname(&options, second, &error), &error);
    assert_string_equal(options.pg.dbname, "postgres://u:hunter3@second/d");
    assert_done(common_options_set_dbname(&options, third, &error), &error);
    assert_string_equal(options.pg.dbname, "third");
    common_options_free(&options);
}

static void test_broken_connection_string_is_a_matter_of_usage(void **state)
{
    char argument[] = "host=h password='hunter2";
    CommonOptions options;
    Error error = {0};

    (void)state;
    common_options_init(&options, "test");
    assert_refused(common_options_set_dbname(&options, argument, &error), &error, EXIT_CODE_USAGE);
    assert_lacks(error.message, "hunter2");
    assert_lacks(error.detail, "hunter2");
    assert_lacks(error.hint, "hunter2");
    common_options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_have_the_units_of_postgresql),
        cmocka_unit_test(test_durations_end_at_32_bits_of_milliseconds),
        cmocka_unit_test(test_other_durations_are_refused_with_what_was_written),
        cmocka_unit_test(test_numbers_are_taken_up_to_both_limits),
        cmocka_unit_test(test_other_numbers_are_refused_with_the_limits),
        cmocka_unit_test(test_limits_may_be_those_of_the_type),
        cmocka_unit_test(test_password_does_not_stay_in_the_arguments),
        cmocka_unit_test(test_no_other_secret_stays_in_the_arguments),
        cmocka_unit_test(test_argument_without_secrets_is_unchanged),
        cmocka_unit_test(test_last_of_several_connection_strings_counts),
        cmocka_unit_test(test_broken_connection_string_is_a_matter_of_usage),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
