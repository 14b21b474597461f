/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tuples gathered by leaf: they come out in the order they were added, and memory stays within the
 * requested limit.
 */
#include "tests/unit/support.h"

#include <malloc.h>

#include "common/store/postgres/leaf_buffers.h"

enum { LEAVES = 5, CAPACITY = 1024 * 1024, PIECE_MAX = 64 * 1024 };

static LeafBuffers *new_buffers(size_t leaves, size_t capacity)
{
    LeafBuffers *buffers;
    Error error = {0};

    assert_done(leaf_buffers_new(leaves, capacity, &buffers, &error), &error);
    return buffers;
}

/* Bytes that identify their position, so that misplaced ones are noticed. */
static Slice make_tuple(uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    return slice_of(bytes, size);
}

static bool collect(void *state, Slice piece, Error *error)
{
    assert_true(piece.size > 0 && piece.size <= PIECE_MAX);
    return buffer_append(state, piece.data, piece.size, error);
}

static bool refuse(void *state, Slice piece, Error *error)
{
    (void)piece;
    (*(int *)state)++;
    return error_set(error, EXIT_CODE_CONNECTION, "gone");
}

static void test_each_leaf_gets_its_tuples_in_order(void **state)
{
    static const size_t SIZES[] = {1, 300, 70000, 0, 65536, 65535, 17, 131072};
    static uint8_t bytes[131072];
    LeafBuffers *buffers = new_buffers(LEAVES, 16 * CAPACITY);
    Buffer expected[LEAVES] = {0};
    uint64_t entries[LEAVES] = {0};
    Error error = {0};

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        size_t leaf = i * 7 % LEAVES;
        Slice tuple = make_tuple(bytes, SIZES[i % COUNT_OF(SIZES)], i);

        assert_true(leaf_buffers_have_room(buffers, leaf, tuple.size));
        assert_done(leaf_buffers_add(buffers, leaf, tuple, &error), &error);
        assert_done(buffer_append(&expected[leaf], tuple.data, tuple.size, &error), &error);
        entries[leaf]++;
    }
    for (size_t i = 0; i < LEAVES; i++) {
        Buffer found = {0};

        assert_int_equal(leaf_buffers_bytes(buffers, i), expected[i].size);
        assert_int_equal(leaf_buffers_entries(buffers, i), entries[i]);
        assert_done(leaf_buffers_empty(buffers, i, collect, &found, &error), &error);
        assert_slice_equal(buffer_slice(&found), buffer_slice(&expected[i]));
        assert_int_equal(leaf_buffers_bytes(buffers, i), 0);
        assert_int_equal(leaf_buffers_entries(buffers, i), 0);
        buffer_free(&found);
        buffer_free(&expected[i]);
    }
    leaf_buffers_free(buffers);
}

/* However long the load, memory stays within the capacity. */
static void test_memory_is_bounded_by_the_capacity(void **state)
{
    static uint8_t bytes[1000];
    LeafBuffers *buffers = new_buffers(LEAVES, CAPACITY);
    size_t before = mallinfo2().uordblks;
    size_t total = 0;
    Error error = {0};

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        size_t leaf = i * i % LEAVES;
        Slice tuple = make_tuple(bytes, 1 + i % sizeof bytes, i);

        while (!leaf_buffers_have_room(buffers, leaf, tuple.size)) {
            size_t fullest = leaf_buffers_fullest(buffers);
            Buffer found = {0};

            for (size_t other = 0; other < LEAVES; other++) {
                assert_true(leaf_buffers_bytes(buffers, other) <=
                            leaf_buffers_bytes(buffers, fullest));
            }
            assert_true(leaf_buffers_bytes(buffers, fullest) > 0);
            total += leaf_buffers_bytes(buffers, fullest);
            assert_done(leaf_buffers_empty(buffers, fullest, collect, &found, &error), &error);
            buffer_free(&found);
        }
        assert_done(leaf_buffers_add(buffers, leaf, tuple, &error), &error);
        assert_true(mallinfo2().uordblks - before <= CAPACITY + 4096);
    }
    assert_true(total > 5 * CAPACITY);
    leaf_buffers_free(buffers);
}

static void test_tuple_larger_than_the_capacity_never_fits(void **state)
{
    LeafBuffers *buffers = new_buffers(1, CAPACITY);

    (void)state;
    assert_true(leaf_buffers_have_room(buffers, 0, CAPACITY));
    assert_false(leaf_buffers_have_room(buffers, 0, CAPACITY + 1));
    leaf_buffers_free(buffers);
}

/* Blocks are reused even if their contents could not be sent. */
static void test_leaf_is_empty_after_a_failure(void **state)
{
    static uint8_t bytes[CAPACITY];
    LeafBuffers *buffers = new_buffers(2, CAPACITY);
    int calls = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        Error error = {0};

        assert_done(leaf_buffers_add(buffers, 0, make_tuple(bytes, sizeof bytes, 1), &error),
                    &error);
        assert_false(leaf_buffers_have_room(buffers, 1, 1));
        assert_refused(leaf_buffers_empty(buffers, 0, refuse, &calls, &error), &error,
                       EXIT_CODE_CONNECTION);
        assert_true(leaf_buffers_have_room(buffers, 1, CAPACITY));
    }
    assert_int_equal(calls, 3);
    leaf_buffers_free(buffers);
    leaf_buffers_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_leaf_gets_its_tuples_in_order),
        cmocka_unit_test(test_memory_is_bounded_by_the_capacity),
        cmocka_unit_test(test_tuple_larger_than_the_capacity_never_fits),
        cmocka_unit_test(test_leaf_is_empty_after_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
