/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers that grow.
 */
#include "tests/unit/support.h"

#include "common/base/buffer.h"

static void test_appended_bytes_follow_each_other(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    assert_done(buffer_append(&buffer, "a\0b", 3, &error), &error);
    assert_done(buffer_append_text(&buffer, "text", &error), &error);
    assert_done(buffer_append_format(&buffer, &error, " %d %s", -7, "x"), &error);
    assert_slice_equal(buffer_slice(&buffer), BYTES("a\0btext -7 x"));
    buffer_free(&buffer);
}

static void test_growth_keeps_the_contents(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t byte = (uint8_t)(i * 7);

        assert_done(buffer_append(&buffer, &byte, 1, &error), &error);
    }
    assert_int_equal(buffer.size, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(buffer.data[i], (uint8_t)(i * 7));
    }
    buffer_free(&buffer);
}

static void test_reserved_room_is_there_without_moving(void **state)
{
    Error error = {0};
    Buffer buffer = {0};
    const uint8_t *place;

    (void)state;
    assert_done(buffer_append_text(&buffer, "head", &error), &error);
    assert_done(buffer_reserve(&buffer, 100000, &error), &error);
    assert_int_equal(buffer.size, 4);
    assert_true(buffer.capacity - buffer.size >= 100000);
    place = buffer.data;
    memset(buffer.data + 4, 'x', 100000);
    buffer.size += 100000;
    assert_ptr_equal(buffer.data, place);
    assert_memory_equal(buffer.data, "headxxx", 7);
    buffer_free(&buffer);
}

static void test_nothing_may_be_appended_from_nowhere(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    assert_done(buffer_append(&buffer, NULL, 0, &error), &error);
    assert_int_equal(buffer.size, 0);
    assert_done(buffer_append_text(&buffer, "x", &error), &error);
    assert_done(buffer_append(&buffer, NULL, 0, &error), &error);
    assert_int_equal(buffer.size, 1);
    buffer_free(&buffer);
}

static void test_formatted_text_may_be_long(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    for (int width = 250; width < 262; width++) {
        buffer_free(&buffer);
        assert_done(buffer_append_format(&buffer, &error, "%0*d", width, 1), &error);
        assert_int_equal(buffer.size, width);
        assert_int_equal(buffer.data[0], '0');
        assert_int_equal(buffer.data[width - 1], '1');
    }
    buffer_free(&buffer);
}

static void test_text_is_terminated_and_may_go_on(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    assert_string_equal(buffer_string(&buffer), "");
    assert_int_equal(buffer.size, 0);
    for (unsigned i = 1; i < 600; i++) {
        const char *text;

        assert_done(buffer_append_text(&buffer, "y", &error), &error);
        text = buffer_string(&buffer);
        assert_int_equal(strlen(text), i);
        assert_int_equal(buffer.size, i);
    }
    buffer_free(&buffer);
}

static void test_taken_text_leaves_an_empty_buffer(void **state)
{
    Buffer buffer = {0};
    Error error = {0};
    char *text = buffer_take(&buffer, &error);

    (void)state;
    assert_string_equal(text, "");
    free(text);
    assert_string_equal(buffer_string(&buffer), "");
    assert_true(buffer_append_text(&buffer, "text", &error));
    assert_string_equal(buffer_string(&buffer), "text");
    text = buffer_take(&buffer, &error);
    assert_string_equal(text, "text");
    assert_int_equal(buffer.size, 0);
    assert_null(buffer.data);
    free(text);
}

static void test_impossible_size_is_an_error_and_keeps_the_contents(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    assert_done(buffer_append_text(&buffer, "kept", &error), &error);
    assert_refused(buffer_reserve(&buffer, SIZE_MAX, &error), &error, EXIT_CODE_FAILED);
    assert_refused(buffer_reserve(&buffer, SIZE_MAX - 3, &error), &error, EXIT_CODE_FAILED);
    assert_refused(buffer_reserve(&buffer, SIZE_MAX / 2, &error), &error, EXIT_CODE_FAILED);
    assert_slice_equal(buffer_slice(&buffer), slice_text("kept"));
    buffer_free(&buffer);
}

static void test_freed_buffer_is_empty_and_usable(void **state)
{
    Error error = {0};
    Buffer buffer = {0};

    (void)state;
    assert_done(buffer_append_text(&buffer, "old", &error), &error);
    buffer_free(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.capacity, 0);
    buffer_free(&buffer);
    assert_done(buffer_append_text(&buffer, "new", &error), &error);
    assert_slice_equal(buffer_slice(&buffer), slice_text("new"));
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appended_bytes_follow_each_other),
        cmocka_unit_test(test_growth_keeps_the_contents),
        cmocka_unit_test(test_reserved_room_is_there_without_moving),
        cmocka_unit_test(test_nothing_may_be_appended_from_nowhere),
        cmocka_unit_test(test_formatted_text_may_be_long),
        cmocka_unit_test(test_text_is_terminated_and_may_go_on),
        cmocka_unit_test(test_taken_text_leaves_an_empty_buffer),
        cmocka_unit_test(test_impossible_size_is_an_error_and_keeps_the_contents),
        cmocka_unit_test(test_freed_buffer_is_empty_and_usable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
