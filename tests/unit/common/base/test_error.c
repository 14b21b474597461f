/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: what a failing function leaves for main to print.
 */
#include "tests/unit/support.h"

static void test_exit_codes_are_those_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(EXIT_CODE_DONE, 0);
    assert_int_equal(EXIT_CODE_USAGE, 1);
    assert_int_equal(EXIT_CODE_CONNECTION, 2);
    assert_int_equal(EXIT_CODE_FAILED, 3);
    assert_int_equal(EXIT_CODE_DUMP, 4);
    assert_int_equal(EXIT_CODE_REFUSED, 5);
    assert_int_equal(EXIT_CODE_CLEANUP, 6);
    assert_int_equal(EXIT_CODE_BROKEN_PIPE, 141);
}

static void test_failing_function_can_end_in_any_of_them(void **state)
{
    Error error = {0};

    (void)state;
    assert_false(error_set(&error, EXIT_CODE_DUMP, "file \"%s\", offset %d", "x", 12));
    assert_false(error_detail(&error, "it is %s", "so"));
    assert_false(error_hint(&error, "do %s", "this"));
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    assert_string_equal(error.message, "file \"x\", offset 12");
    assert_string_equal(error.detail, "it is so");
    assert_string_equal(error.hint, "do this");
}

static void test_new_error_does_not_keep_old_detail_and_hint(void **state)
{
    Error error = {0};

    (void)state;
    error_set(&error, EXIT_CODE_DUMP, "old");
    error_detail(&error, "old detail");
    error_hint(&error, "old hint");
    error_set(&error, EXIT_CODE_USAGE, "new");
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_string_equal(error.message, "new");
    assert_string_equal(error.detail, "");
    assert_string_equal(error.hint, "");
}

static void test_newlines_at_the_end_are_cut(void **state)
{
    Error error = {0};

    (void)state;
    error_set(&error, EXIT_CODE_FAILED, "%s", "message\n");
    error_detail(&error, "%s", "two\nlines\n\n");
    error_hint(&error, "%s", "\n");
    assert_string_equal(error.message, "message");
    assert_string_equal(error.detail, "two\nlines");
    assert_string_equal(error.hint, "");
}

static void test_long_texts_are_cut_and_terminated(void **state)
{
    Error error = {0};

    (void)state;
    error_set(&error, EXIT_CODE_FAILED, "%05000d", 1);
    error_detail(&error, "%05000d", 1);
    error_hint(&error, "%05000d", 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(strlen(error.detail), sizeof error.detail - 1);
    assert_int_equal(strlen(error.hint), sizeof error.hint - 1);
}

static void test_out_of_memory_is_a_failure_with_a_message(void **state)
{
    Error error = {0};

    (void)state;
    assert_refused(error_out_of_memory(&error), &error, EXIT_CODE_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes_are_those_of_the_manual),
        cmocka_unit_test(test_failing_function_can_end_in_any_of_them),
        cmocka_unit_test(test_new_error_does_not_keep_old_detail_and_hint),
        cmocka_unit_test(test_newlines_at_the_end_are_cut),
        cmocka_unit_test(test_long_texts_are_cut_and_terminated),
        cmocka_unit_test(test_out_of_memory_is_a_failure_with_a_message),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
