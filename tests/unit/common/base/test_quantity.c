/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them.
 */
#include "tests/unit/support.h"

#include "common/base/quantity.h"

static void test_counts_are_grouped(void **state)
{
    static const struct {
        uint64_t count;
        const char *text;
    } WANTED[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {12345, "12,345"},
        {123456, "123,456"},
        {1234567, "1,234,567"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    char text[QUANTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        quantity_count(WANTED[i].count, text);
        assert_string_equal(text, WANTED[i].text);
    }
}

static void test_one_is_singular(void **state)
{
    char text[QUANTITY_SIZE];

    (void)state;
    assert_string_equal(quantity_noun(0, "entry", "entries", text), "0 entries");
    assert_string_equal(quantity_noun(1, "entry", "entries", text), "1 entry");
    assert_string_equal(quantity_noun(101046, "entry", "entries", text), "101046 entries");
    assert_string_equal(quantity_noun(UINT64_MAX, "multipart upload", "multipart uploads", text),
                        "18446744073709551615 multipart uploads");
}

static void test_bytes_have_a_unit(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } WANTED[] = {
        {0, "0 bytes"},         {1, "1 byte"},           {999, "999 bytes"}, {1000, "1.0 kB"},
        {1049, "1.0 kB"},       {999949, "999.9 kB"},    {999950, "1.0 MB"}, {73400000, "73.4 MB"},
        {1500000000, "1.5 GB"}, {UINT64_MAX, "18.4 EB"},
    };
    char text[QUANTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        quantity_bytes(WANTED[i].bytes, text);
        assert_string_equal(text, WANTED[i].text);
    }
}

static void test_file_sizes_have_their_bytes(void **state)
{
    char text[QUANTITY_SIZE];

    (void)state;
    quantity_file_size(999, text);
    assert_string_equal(text, "999 bytes");
    quantity_file_size(1000, text);
    assert_string_equal(text, "1.0 kB (1,000 bytes)");
    quantity_file_size(13912343, text);
    assert_string_equal(text, "13.9 MB (13,912,343 bytes)");
    quantity_file_size(UINT64_MAX, text);
    assert_string_equal(text, "18.4 EB (18,446,744,073,709,551,615 bytes)");
}

static void test_durations_have_at_most_two_units(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } WANTED[] = {
        {0, "0.00 s"},
        {0.44, "0.44 s"},
        {0.99, "0.99 s"},
        {1, "1.0 s"},
        {9.94, "9.9 s"},
        {9.96, "10 s"},
        {59.4, "59 s"},
        {59.6, "1 min 00 s"},
        {125, "2 min 05 s"},
        {3599.4, "59 min 59 s"},
        {3599.6, "1 h 00 min"},
        {11220, "3 h 07 min"},
        {1e300, "277777777777 h 46 min"},
    };
    char text[QUANTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        quantity_seconds(WANTED[i].seconds, text);
        assert_string_equal(text, WANTED[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_grouped),
        cmocka_unit_test(test_one_is_singular),
        cmocka_unit_test(test_bytes_have_a_unit),
        cmocka_unit_test(test_file_sizes_have_their_bytes),
        cmocka_unit_test(test_durations_have_at_most_two_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
