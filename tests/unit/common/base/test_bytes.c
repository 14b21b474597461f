/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers in memory: which byte comes first.
 */
#include "tests/unit/support.h"

#include "common/base/bytes.h"

/* At an odd address, like fields in a stream. */
static const uint8_t BYTES_1_TO_8[] = {0xee, 0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};

static void test_big_endian_begins_with_the_most_significant_byte(void **state)
{
    (void)state;
    assert_int_equal(load_be16(BYTES_1_TO_8 + 1), 0x8102);
    assert_int_equal(load_be32(BYTES_1_TO_8 + 1), UINT32_C(0x81020304));
    assert_int_equal(load_be64(BYTES_1_TO_8 + 1), UINT64_C(0x8102030405060788));
}

static void test_little_endian_begins_with_the_least_significant_byte(void **state)
{
    (void)state;
    assert_int_equal(load_le32(BYTES_1_TO_8 + 1), UINT32_C(0x04030281));
    assert_int_equal(load_le64(BYTES_1_TO_8 + 1), UINT64_C(0x8807060504030281));
}

static void test_stored_bytes_are_in_order_and_no_others_are_touched(void **state)
{
    static const uint8_t EXPECTED[][10] = {
        {0xaa, 0xf1, 0x23, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa},
        {0xaa, 0xf1, 0x23, 0x45, 0x67, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa},
        {0xaa, 0x67, 0x45, 0x23, 0xf1, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa},
        {0xaa, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0xf1, 0xaa},
    };
    uint8_t found[COUNT_OF(EXPECTED)][10];

    (void)state;
    memset(found, 0xaa, sizeof found);
    store_be16(found[0] + 1, 0xf123);
    store_be32(found[1] + 1, UINT32_C(0xf1234567));
    store_le32(found[2] + 1, UINT32_C(0xf1234567));
    store_le64(found[3] + 1, UINT64_C(0xf123456789abcdef));
    for (size_t i = 0; i < COUNT_OF(EXPECTED); i++) {
        assert_memory_equal(found[i], EXPECTED[i], sizeof EXPECTED[i]);
    }
}

static void test_all_bits_set_come_back(void **state)
{
    static const uint8_t ONES[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    (void)state;
    assert_int_equal(load_be16(ONES), UINT16_MAX);
    assert_int_equal(load_be32(ONES), UINT32_MAX);
    assert_int_equal(load_be64(ONES), UINT64_MAX);
    assert_int_equal(load_le32(ONES), UINT32_MAX);
    assert_int_equal(load_le64(ONES), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_big_endian_begins_with_the_most_significant_byte),
        cmocka_unit_test(test_little_endian_begins_with_the_least_significant_byte),
        cmocka_unit_test(test_stored_bytes_are_in_order_and_no_others_are_touched),
        cmocka_unit_test(test_all_bits_set_come_back),
    };

    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
