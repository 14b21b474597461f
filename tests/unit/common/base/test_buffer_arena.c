/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers that grow, and the memory of one row.
 */
#include "tests/unit/support.h"

#include <stdalign.h>

#include "common/base/arena.h"

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

static void test_slices_are_equal_by_bytes(void **state)
{
    (void)state;
    assert_true(slice_equal(BYTES("a\0b"), BYTES("a\0b")));
    assert_false(slice_equal(BYTES("a\0b"), BYTES("a\0c")));
    assert_false(slice_equal(BYTES("ab"), BYTES("abc")));
    assert_true(slice_equal(slice_of(NULL, 0), slice_text("")));
}

static void test_pieces_are_aligned_and_do_not_overlap(void **state)
{
    enum { PIECES = 400 };
    Error error = {0};
    Arena arena = {0};
    uint8_t *pieces[PIECES];

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_allocate(&arena, i + 1, &error);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i & 0xff, i + 1);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j <= i; j++) {
            assert_int_equal(pieces[i][j], i & 0xff);
        }
    }
    arena_free(&arena);
}

static void test_piece_may_be_larger_than_any_block_before(void **state)
{
    Error error = {0};
    Arena arena = {0};
    char *small = arena_allocate(&arena, 6, &error);
    char *large;

    (void)state;
    assert_non_null(small);
    memcpy(small, "small", 6);
    large = arena_allocate(&arena, 3000001, &error);
    assert_non_null(large);
    memset(large, 'L', 3000001);
    assert_string_equal(small, "small");
    assert_int_equal(large[3000000], 'L');
    arena_free(&arena);
}

/* A loop over rows must come to rest: the same demands after a reset get the same memory. */
static void test_reset_gives_the_memory_out_again(void **state)
{
    Error error = {0};
    Arena arena = {0};
    const void *first;
    const void *second;

    (void)state;
    first = arena_allocate(&arena, 100, &error);
    second = arena_allocate(&arena, 200, &error);
    assert_non_null(first);
    for (int row = 0; row < 3; row++) {
        arena_reset(&arena);
        assert_ptr_equal(arena_allocate(&arena, 100, &error), first);
        assert_ptr_equal(arena_allocate(&arena, 200, &error), second);
    }
    arena_free(&arena);
}

static void test_reset_keeps_the_largest_block(void **state)
{
    Error error = {0};
    Arena arena = {0};
    const void *large;

    (void)state;
    assert_non_null(arena_allocate(&arena, 10, &error));
    large = arena_allocate(&arena, 100000, &error);
    assert_non_null(large);
    arena_reset(&arena);
    assert_ptr_equal(arena_allocate(&arena, 100000, &error), large);
    arena_free(&arena);
}

static void test_empty_piece_is_a_piece(void **state)
{
    Error error = {0};
    Arena arena = {0};

    (void)state;
    assert_non_null(arena_allocate(&arena, 0, &error));
    assert_non_null(arena_allocate(&arena, 1, &error));
    assert_non_null(arena_allocate(&arena, 0, &error));
    arena_free(&arena);
}

static void test_impossible_piece_is_an_error_and_the_arena_goes_on(void **state)
{
    static const size_t SIZES[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2, SIZE_MAX / 4 + 1};
    Error error = {0};
    Arena arena = {0};
    char *piece = arena_allocate(&arena, 5, &error);

    (void)state;
    assert_non_null(piece);
    memcpy(piece, "kept", 5);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        error = (Error){0};
        assert_null(arena_allocate(&arena, SIZES[i], &error));
        assert_int_equal(error.code, EXIT_CODE_FAILED);
    }
    assert_non_null(arena_allocate(&arena, 5, &error));
    assert_string_equal(piece, "kept");
    arena_free(&arena);
}

static void test_empty_and_freed_arenas_can_be_reset_freed_and_used(void **state)
{
    Error error = {0};
    Arena arena = {0};

    (void)state;
    arena_reset(&arena);
    arena_free(&arena);
    assert_non_null(arena_allocate(&arena, 8, &error));
    arena_free(&arena);
    arena_free(&arena);
    arena_reset(&arena);
    assert_non_null(arena_allocate(&arena, 8, &error));
    arena_free(&arena);
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
        cmocka_unit_test(test_slices_are_equal_by_bytes),
        cmocka_unit_test(test_pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(test_piece_may_be_larger_than_any_block_before),
        cmocka_unit_test(test_reset_gives_the_memory_out_again),
        cmocka_unit_test(test_reset_keeps_the_largest_block),
        cmocka_unit_test(test_empty_piece_is_a_piece),
        cmocka_unit_test(test_impossible_piece_is_an_error_and_the_arena_goes_on),
        cmocka_unit_test(test_empty_and_freed_arenas_can_be_reset_freed_and_used),
    };

    return cmocka_run_group_tests_name("buffer and arena", tests, NULL, NULL);
}
