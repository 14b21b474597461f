/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one row.
 */
#include "tests/unit/support.h"

#include <stdalign.h>

#include "common/base/arena.h"

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

/* In a loop over rows memory must stop growing: after a reset the same requests reuse it. */
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
        cmocka_unit_test(test_pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(test_piece_may_be_larger_than_any_block_before),
        cmocka_unit_test(test_reset_gives_the_memory_out_again),
        cmocka_unit_test(test_reset_keeps_the_largest_block),
        cmocka_unit_test(test_empty_piece_is_a_piece),
        cmocka_unit_test(test_impossible_piece_is_an_error_and_the_arena_goes_on),
        cmocka_unit_test(test_empty_and_freed_arenas_can_be_reset_freed_and_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
