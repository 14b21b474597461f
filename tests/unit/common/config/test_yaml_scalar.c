/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain scalars as lakeFS 0.70 gets them.
 */
#include "tests/unit/support.h"

#include "common/config/yaml_scalar.h"

static void assert_text(const char *plain, const char *expected)
{
    Buffer text = {0};
    Error error = {0};

    assert_done(yaml_scalar_append(plain, &text, &error), &error);
    assert_string_equal(buffer_string(&text), expected);
    buffer_free(&text);
}

static void test_integers_are_written_in_decimal(void **state)
{
    static const char *const CASES[][2] = {
        {"0", "0"},
        {"42", "42"},
        {"+5", "5"},
        {"-5", "-5"},
        {"-0", "0"},
        {"0123", "83"},
        {"0o17", "15"},
        {"0x1F", "31"},
        {"0b101", "5"},
        {"1_000_000", "1000000"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"18446744073709551615", "18446744073709551615"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_text(CASES[i][0], CASES[i][1]);
    }
}

static void test_fractions_are_written_without_exponent(void **state)
{
    static const char *const CASES[][2] = {
        {"1e3", "1000"},
        {"1E3", "1000"},
        {"1.50", "1.5"},
        {".5", "0.5"},
        {"5.", "5"},
        {"08", "8"},
        {"-2.25e-1", "-0.225"},
        {"1e-7", "0.0000001"},
        {"0.1", "0.1"},
        {"123.456", "123.456"},
        {"1e21", "1000000000000000000000"},
        {"18446744073709551616", "18446744073709552000"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_text(CASES[i][0], CASES[i][1]);
    }
}

static void test_booleans_are_one_and_zero(void **state)
{
    static const char *const ON[] = {"y",  "Y",  "yes",  "Yes",  "YES", "on",
                                     "On", "ON", "true", "True", "TRUE"};
    static const char *const OFF[] = {"n",   "N",   "no",    "No",    "NO",   "off",
                                      "Off", "OFF", "false", "False", "FALSE"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ON); i++) {
        assert_text(ON[i], "1");
        assert_text(OFF[i], "0");
        assert_int_equal(yaml_scalar_boolean(ON[i]), YAML_TRUE);
        assert_int_equal(yaml_scalar_boolean(OFF[i]), YAML_FALSE);
    }
    assert_int_equal(yaml_scalar_boolean("yEs"), YAML_NO_BOOLEAN);
    assert_int_equal(yaml_scalar_boolean("1"), YAML_NO_BOOLEAN);
}

static void test_everything_else_stays(void **state)
{
    static const char *const TEXTS[] = {"",
                                        "a",
                                        "yEs",
                                        "eu-west-1",
                                        "_lakefs",
                                        "2022-01-01",
                                        "1.2.3",
                                        "1e",
                                        "1e+",
                                        "0x",
                                        "0b2",
                                        "-",
                                        ".",
                                        "+",
                                        "1 2",
                                        "12a",
                                        "1.5.",
                                        "http://h:1",
                                        "-1-",
                                        "0xfg",
                                        "1111111111111111111111111111111111111111111111111111111111"
                                        "1111111111111111111111111111111"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_text(TEXTS[i], TEXTS[i]);
    }
}

/* Measured with yaml.v2 2.4.0 and yaml.v3 3.0.1. */
static void test_octal_numbers_with_an_inner_sign_are_new(void **state)
{
    static const char *const NEW[] = {"0o-7", "0o+701", "0o-0", "0o_-1", "0o-7_", "0o-07"};
    static const char *const SAME[] = {"0o7", "-0o7", "+0o7",  "0O-7",  "0o--7", "0o-8",
                                       "0o-", "0o",   "0b-1",  "0x-1",  "017",   "1_000",
                                       "",    "0o+a", "-0o-7", "_0o-7", "1:30",  "0o-7.1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(NEW); i++) {
        assert_true(yaml_scalar_is_newer_number(NEW[i]));
    }
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        assert_false(yaml_scalar_is_newer_number(SAME[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_written_in_decimal),
        cmocka_unit_test(test_fractions_are_written_without_exponent),
        cmocka_unit_test(test_booleans_are_one_and_zero),
        cmocka_unit_test(test_everything_else_stays),
        cmocka_unit_test(test_octal_numbers_with_an_inner_sign_are_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
