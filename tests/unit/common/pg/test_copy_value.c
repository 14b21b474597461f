/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of PostgreSQL's types, as their send functions write them.
 */
#include "tests/unit/support.h"

#include "common/pg/copy_value.h"

static const CopyField NULL_FIELD = {NULL, -1};

/* A field in an allocation of its own, so that a sanitizer detects reads beyond it; the caller
 * frees it. */
static CopyField field_of(Slice bytes)
{
    return (CopyField){copy_of(bytes), (int32_t)bytes.size};
}

static void free_field(CopyField field)
{
    free((void *)(uintptr_t)field.data);
}

static void test_bool_is_one_byte(void **state)
{
    bool value = true;

    (void)state;
    assert_true(copy_value_bool((CopyField){(const uint8_t *)"\0", 1}, &value));
    assert_false(value);
    assert_true(copy_value_bool((CopyField){(const uint8_t *)"\1", 1}, &value));
    assert_true(value);
    assert_false(copy_value_bool((CopyField){(const uint8_t *)"\2", 1}, &value));
    assert_false(copy_value_bool((CopyField){(const uint8_t *)"t", 1}, &value));
    assert_false(copy_value_bool((CopyField){(const uint8_t *)"", 0}, &value));
    assert_false(copy_value_bool((CopyField){(const uint8_t *)"\0\1", 2}, &value));
    assert_false(copy_value_bool(NULL_FIELD, &value));
}

static void test_int4_is_four_bytes_of_two_complement(void **state)
{
    static const struct {
        uint8_t bytes[4];
        int32_t value;
    } CASES[] = {
        {{0, 0, 0, 0}, 0},
        {{0, 0, 1, 2}, 258},
        {{0x7f, 0xff, 0xff, 0xff}, INT32_MAX},
        {{0x80, 0, 0, 0}, INT32_MIN},
        {{0xff, 0xff, 0xff, 0xff}, -1},
    };
    int32_t value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_true(copy_value_int32((CopyField){CASES[i].bytes, 4}, &value));
        assert_int_equal(value, CASES[i].value);
    }
    assert_false(copy_value_int32((CopyField){(const uint8_t *)"\0\0\0", 3}, &value));
    assert_false(copy_value_int32((CopyField){(const uint8_t *)"\0\0\0\0\0\0\0\1", 8}, &value));
    assert_false(copy_value_int32((CopyField){(const uint8_t *)"", 0}, &value));
    assert_false(copy_value_int32(NULL_FIELD, &value));
}

static void test_timestamptz_is_eight_bytes_and_has_infinities(void **state)
{
    static const struct {
        uint8_t bytes[8];
        int64_t value;
    } CASES[] = {
        {{0, 0, 0, 0, 0, 0, 0, 1}, 1},
        {{1, 2, 3, 4, 5, 6, 7, 8}, INT64_C(0x0102030405060708)},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -1},
        {{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, INT64_MAX},
        {{0x80, 0, 0, 0, 0, 0, 0, 0}, INT64_MIN},
    };
    int64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_true(copy_value_timestamptz((CopyField){CASES[i].bytes, 8}, &value));
        assert_true(value == CASES[i].value);
    }
    assert_false(copy_value_timestamptz((CopyField){CASES[0].bytes, 7}, &value));
    assert_false(copy_value_timestamptz((CopyField){CASES[0].bytes, 4}, &value));
    assert_false(copy_value_timestamptz(NULL_FIELD, &value));
}

static void test_jsonb_is_its_text_after_version_1(void **state)
{
    Slice json;

    (void)state;
    assert_true(copy_value_jsonb((CopyField){(const uint8_t *)"\1{\"a\": 1}", 9}, &json));
    assert_slice_equal(json, slice_text("{\"a\": 1}"));
    assert_false(copy_value_jsonb((CopyField){(const uint8_t *)"\2{}", 3}, &json));
    assert_false(copy_value_jsonb((CopyField){(const uint8_t *)"{}", 2}, &json));
    assert_false(copy_value_jsonb((CopyField){(const uint8_t *)"", 0}, &json));
    assert_false(copy_value_jsonb(NULL_FIELD, &json));
}

/* dimensions, flag for NULLs, type text (25); then, for one dimension, its length and lower
 * bound. */
#define NO_DIMENSION "\0\0\0\0\0\0\0\0\0\0\0\31"
#define ONE_DIMENSION(length)                                                                      \
    "\0\0\0\1"                                                                                     \
    "\0\0\0\1"                                                                                     \
    "\0\0\0\31" length "\0\0\0\1"
#define NULL_MEMBER "\377\377\377\377"
#define MEMBER_AB                                                                                  \
    "\0\0\0\2"                                                                                     \
    "ab"
#define EMPTY_MEMBER "\0\0\0\0"

/* Reads all elements into `seen` as "[ab][NULL][]".  False if the array is refused anywhere. */
static bool read_array(Slice bytes, Buffer *seen)
{
    CopyField field = field_of(bytes);
    CopyArray array;
    Error error = {0};
    bool done = copy_array_open(field, &array);

    seen->size = 0;
    for (uint32_t i = done ? array.count : 0; done && i > 0; i--) {
        CopyField element;

        done = copy_array_next(&array, &element);
        if (done && element.size < 0) {
            assert_done(buffer_append_text(seen, "[NULL]", &error), &error);
        } else if (done) {
            assert_done(buffer_append_format(seen, &error, "[%.*s]", (int)element.size,
                                             (const char *)element.data),
                        &error);
        }
    }
    free_field(field);
    return done;
}

static void test_array_gives_its_elements_in_order(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_true(
        read_array(BYTES(ONE_DIMENSION("\0\0\0\3") MEMBER_AB NULL_MEMBER EMPTY_MEMBER), &seen));
    assert_slice_equal(buffer_slice(&seen), slice_text("[ab][NULL][]"));
    assert_true(read_array(BYTES(ONE_DIMENSION("\0\0\0\2") NULL_MEMBER NULL_MEMBER), &seen));
    assert_slice_equal(buffer_slice(&seen), slice_text("[NULL][NULL]"));
    assert_true(read_array(BYTES(ONE_DIMENSION("\0\0\0\1") EMPTY_MEMBER), &seen));
    assert_slice_equal(buffer_slice(&seen), slice_text("[]"));
    buffer_free(&seen);
}

static void test_array_without_dimensions_is_empty(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_true(read_array(BYTES(NO_DIMENSION), &seen));
    assert_int_equal(seen.size, 0);
    assert_false(read_array(BYTES(NO_DIMENSION "\0\0\0\0"), &seen));
    buffer_free(&seen);
}

static void test_array_of_no_elements_has_none(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_true(read_array(BYTES(ONE_DIMENSION("\0\0\0\0")), &seen));
    assert_int_equal(seen.size, 0);
    buffer_free(&seen);
}

/* Without elements nothing is read later, so only opening the array can detect trailing bytes. */
static void test_bytes_after_an_empty_array_are_refused(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_false(read_array(BYTES(ONE_DIMENSION("\0\0\0\0") MEMBER_AB), &seen));
    buffer_free(&seen);
}

static void test_lower_bound_does_not_matter(void **state)
{
    Buffer seen = {0};
    uint8_t bytes[] = "\0\0\0\1"
                      "\0\0\0\0"
                      "\0\0\0\31"
                      "\0\0\0\1"
                      "\377\377\377\373" MEMBER_AB;

    (void)state;
    assert_true(read_array(slice_of(bytes, sizeof bytes - 1), &seen));
    assert_slice_equal(buffer_slice(&seen), slice_text("[ab]"));
    buffer_free(&seen);
}

static void test_array_that_claims_more_elements_than_bytes_is_refused_when_opened(void **state)
{
    static const char *const LENGTHS[] = {"\0\0\0\4", "\0\1\0\0", "\377\377\377\377", "\200\0\0\0"};
    uint8_t bytes[] = ONE_DIMENSION("\0\0\0\3") NULL_MEMBER EMPTY_MEMBER NULL_MEMBER;
    CopyArray array;

    (void)state;
    assert_true(copy_array_open((CopyField){bytes, sizeof bytes - 1}, &array));
    assert_int_equal(array.count, 3);
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        memcpy(bytes + 12, LENGTHS[i], 4);
        assert_false(copy_array_open((CopyField){bytes, sizeof bytes - 1}, &array));
    }
}

static void test_array_with_more_elements_than_claimed_is_refused(void **state)
{
    Buffer seen = {0};

    (void)state;
    assert_false(read_array(BYTES(ONE_DIMENSION("\0\0\0\1") MEMBER_AB MEMBER_AB), &seen));
    assert_false(read_array(BYTES(ONE_DIMENSION("\0\0\0\1") NULL_MEMBER NULL_MEMBER), &seen));
    assert_false(read_array(BYTES(ONE_DIMENSION("\0\0\0\1") MEMBER_AB "\0"), &seen));
    buffer_free(&seen);
}

static void test_data_after_the_last_element_is_refused(void **state)
{
    uint8_t bytes[] = ONE_DIMENSION("\0\0\0\1") MEMBER_AB;
    CopyArray array;
    CopyField element;

    (void)state;
    assert_true(copy_array_open((CopyField){bytes, sizeof bytes - 1}, &array));
    assert_true(copy_array_next(&array, &element));
    assert_false(copy_array_next(&array, &element));
}

static void test_element_with_an_impossible_length_is_refused(void **state)
{
    static const char *const LENGTHS[] = {"\0\0\0\13", "\177\377\377\377", "\200\0\0\0",
                                          "\377\377\377\376"};
    Buffer seen = {0};
    uint8_t bytes[] = ONE_DIMENSION("\0\0\0\1") MEMBER_AB;
    uint8_t two[] = ONE_DIMENSION("\0\0\0\2") MEMBER_AB EMPTY_MEMBER;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        memcpy(bytes + 20, LENGTHS[i], 4);
        assert_false(read_array(slice_of(bytes, sizeof bytes - 1), &seen));
        /* And as the first of two elements, where it would reach into the second and beyond. */
        memcpy(two + 20, LENGTHS[i], 4);
        assert_false(read_array(slice_of(two, sizeof two - 1), &seen));
    }
    buffer_free(&seen);
}

static void test_array_of_two_dimensions_is_refused(void **state)
{
    Buffer seen = {0};
    uint8_t bytes[] = "\0\0\0\2"
                      "\0\0\0\0"
                      "\0\0\0\31"
                      "\0\0\0\1"
                      "\0\0\0\1"
                      "\0\0\0\1"
                      "\0\0\0\1" MEMBER_AB;
    CopyArray array;

    (void)state;
    assert_false(copy_array_open((CopyField){bytes, sizeof bytes - 1}, &array));
    memcpy(bytes, "\377\377\377\377", 4);
    assert_false(copy_array_open((CopyField){bytes, sizeof bytes - 1}, &array));
    buffer_free(&seen);
}

static void test_truncated_array_is_refused(void **state)
{
    Slice whole = BYTES(ONE_DIMENSION("\0\0\0\3") MEMBER_AB NULL_MEMBER MEMBER_AB);
    Buffer seen = {0};
    CopyArray array;

    (void)state;
    assert_true(read_array(whole, &seen));
    for (size_t size = 0; size < whole.size; size++) {
        assert_false(read_array(slice_of(whole.data, size), &seen));
    }
    assert_false(copy_array_open(NULL_FIELD, &array));
    buffer_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bool_is_one_byte),
        cmocka_unit_test(test_int4_is_four_bytes_of_two_complement),
        cmocka_unit_test(test_timestamptz_is_eight_bytes_and_has_infinities),
        cmocka_unit_test(test_jsonb_is_its_text_after_version_1),
        cmocka_unit_test(test_array_gives_its_elements_in_order),
        cmocka_unit_test(test_array_without_dimensions_is_empty),
        cmocka_unit_test(test_array_of_no_elements_has_none),
        cmocka_unit_test(test_bytes_after_an_empty_array_are_refused),
        cmocka_unit_test(test_lower_bound_does_not_matter),
        cmocka_unit_test(test_array_that_claims_more_elements_than_bytes_is_refused_when_opened),
        cmocka_unit_test(test_array_with_more_elements_than_claimed_is_refused),
        cmocka_unit_test(test_data_after_the_last_element_is_refused),
        cmocka_unit_test(test_element_with_an_impossible_length_is_refused),
        cmocka_unit_test(test_array_of_two_dimensions_is_refused),
        cmocka_unit_test(test_truncated_array_is_refused),
    };

    return cmocka_run_group_tests_name("values of COPY BINARY", tests, NULL, NULL);
}
