/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of byte strings, with values.
 */
#include "tests/unit/support.h"

#include "common/base/byte_map.h"

static void test_keys_are_bytes_and_are_there_once(void **state)
{
    static const Slice KEYS[] = {{(const uint8_t *)"a", 1},
                                 {(const uint8_t *)"a\0b", 3},
                                 {(const uint8_t *)"", 0},
                                 {(const uint8_t *)"a\0", 2}};
    ByteMap map = {0};
    Error error = {0};
    bool added;

    (void)state;
    assert_null(byte_map_first(&map));
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        assert_false(byte_map_contains(&map, KEYS[i]));
        assert_done(byte_map_add(&map, KEYS[i], &added, &error), &error);
        assert_true(added);
        assert_done(byte_map_add(&map, KEYS[i], &added, &error), &error);
        assert_false(added);
        assert_int_equal(byte_map_count(&map), i + 1);
    }
    byte_map_free(&map);
    assert_int_equal(byte_map_count(&map), 0);
    byte_map_free(&map);
}

static void test_elements_keep_their_order(void **state)
{
    ByteMap map = {0};
    Error error = {0};
    char key[8];
    int i = 0;

    (void)state;
    for (i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%d", (i * 7919) % 1000);
        assert_done(byte_map_add(&map, slice_text(key), NULL, &error), &error);
    }
    i = 0;
    for (const ByteMapItem *item = byte_map_first(&map); item != NULL;
         item = byte_map_next(item), i++) {
        snprintf(key, sizeof key, "%d", (i * 7919) % 1000);
        assert_slice_equal(byte_map_key(item), slice_text(key));
    }
    assert_int_equal(i, 1000);
    byte_map_free(&map);
}

static void test_values_are_copied_and_replaced(void **state)
{
    ByteMap map = {0};
    Error error = {0};
    char text[] = "first";
    Slice value;

    (void)state;
    assert_false(byte_map_value(&map, BYTES("k"), &value));
    assert_done(byte_map_add(&map, BYTES("k"), NULL, &error), &error);
    assert_false(byte_map_value(&map, BYTES("k"), &value));
    assert_done(byte_map_set(&map, BYTES("k"), slice_text(text), &error), &error);
    text[0] = 'x';
    assert_true(byte_map_value(&map, BYTES("k"), &value));
    assert_slice_equal(value, BYTES("first"));
    assert_done(byte_map_set(&map, BYTES("k"), BYTES(""), &error), &error);
    assert_true(byte_map_value(&map, BYTES("k"), &value));
    assert_int_equal(value.size, 0);
    assert_done(byte_map_set(&map, BYTES("new"), BYTES("v"), &error), &error);
    assert_int_equal(byte_map_count(&map), 2);
    /* Adding a key keeps its value. */
    assert_done(byte_map_add(&map, BYTES("new"), NULL, &error), &error);
    assert_true(byte_map_value(&map, BYTES("new"), &value));
    assert_slice_equal(value, BYTES("v"));
    byte_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_bytes_and_are_there_once),
        cmocka_unit_test(test_elements_keep_their_order),
        cmocka_unit_test(test_values_are_copied_and_replaced),
    };

    return cmocka_run_group_tests_name("byte_map", tests, NULL, NULL);
}
