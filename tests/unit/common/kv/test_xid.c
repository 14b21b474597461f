/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xid: bytes and text.
 *
 * Expected texts: the published test vectors of rs/xid, and Python's
 * base64.b32hexencode(bytes).decode().lower().rstrip('=').
 */
#include "tests/unit/support.h"

#include "common/kv/xid.h"

static const struct {
    Xid xid;
    const char *text;
} KNOWN[] = {
    {{{0x4d, 0x88, 0xe1, 0x5b, 0x60, 0xf4, 0x86, 0xe4, 0x28, 0x41, 0x2d, 0xc9}},
     "9m4e2mr0ui3e8a215n4g"}, /* rs/xid */
    {{{0x00, 0x00, 0x00, 0x00, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x00, 0x00, 0x01}},
     "0000005anf6drrg0000g"},
    {{{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98}},
     "04hkaps9lf6uvvmsnac0"},
    {{{0}}, "00000000000000000000"},
    {{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
     "vvvvvvvvvvvvvvvvvvvg"},
};

static void test_text_is_that_of_other_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(KNOWN); i++) {
        char text[XID_TEXT_SIZE + 1];

        memset(text, '#', sizeof text);
        xid_to_text(KNOWN[i].xid, text);
        assert_string_equal(text, KNOWN[i].text);
    }
}

/* Bit n of 96 is bit n mod 5 of character n / 5, the most significant first. */
static void test_each_bit_has_its_place_in_the_text(void **state)
{
    static const char VALUES[] = {'g', '8', '4', '2', '1'};

    (void)state;
    for (unsigned bit = 0; bit < 96; bit++) {
        Xid xid = {{0}};
        char text[XID_TEXT_SIZE + 1];
        char expected[] = "00000000000000000000";

        xid.bytes[bit / 8] = (uint8_t)(0x80u >> bit % 8);
        expected[bit / 5] = VALUES[bit % 5];
        xid_to_text(xid, text);
        assert_string_equal(text, expected);
    }
}

static void test_texts_sort_like_the_bytes(void **state)
{
    enum { IDS = 200 };
    Xid ids[IDS];
    uint32_t random = 12345;

    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        for (size_t j = 0; j < XID_SIZE; j++) {
            random = random * UINT32_C(1664525) + UINT32_C(1013904223);
            ids[i].bytes[j] = (uint8_t)(random >> 24);
        }
        /* Every other pair differs late. */
        if (i % 2 == 1) {
            memcpy(ids[i].bytes, ids[i - 1].bytes, XID_SIZE - 1 - i % 5);
        }
    }
    for (size_t i = 0; i < IDS; i++) {
        for (size_t j = 0; j < IDS; j++) {
            char a[XID_TEXT_SIZE + 1];
            char b[XID_TEXT_SIZE + 1];
            int bytes = memcmp(ids[i].bytes, ids[j].bytes, XID_SIZE);
            int texts;

            xid_to_text(ids[i], a);
            xid_to_text(ids[j], b);
            texts = strcmp(a, b);
            assert_int_equal((bytes > 0) - (bytes < 0), (texts > 0) - (texts < 0));
        }
    }
}

static void test_seconds_stand_big_endian_before_the_tail(void **state)
{
    static const uint8_t TAIL[XID_TAIL_SIZE] = {0x60, 0xf4, 0x86, 0xe4, 0x28, 0x41, 0x2d, 0xc9};
    char text[XID_TEXT_SIZE + 1];

    (void)state;
    assert_memory_equal(xid_make(0x4d88e15b, TAIL).bytes, KNOWN[0].xid.bytes, XID_SIZE);
    xid_to_text(xid_make(0x4d88e15b, TAIL), text);
    assert_string_equal(text, "9m4e2mr0ui3e8a215n4g");
}

static void test_seconds_are_taken_modulo_2_to_the_32(void **state)
{
    static const struct {
        int64_t seconds;
        uint8_t bytes[4];
    } CASES[] = {
        {0, {0, 0, 0, 0}},
        {-1, {0xff, 0xff, 0xff, 0xff}},
        {INT64_C(0xffffffff), {0xff, 0xff, 0xff, 0xff}},
        {INT64_C(0x100000005), {0, 0, 0, 5}},
        {INT64_C(32500915200), {0x91, 0x34, 0x9c, 0x00}},
        {INT64_C(-14182940), {0xff, 0x27, 0x95, 0xe4}},
        {INT64_MIN, {0, 0, 0, 0}},
        {INT64_MAX, {0xff, 0xff, 0xff, 0xff}},
    };
    static const uint8_t TAIL[XID_TAIL_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Xid xid = xid_make(CASES[i].seconds, TAIL);

        assert_memory_equal(xid.bytes, CASES[i].bytes, 4);
        assert_memory_equal(xid.bytes + 4, TAIL, XID_TAIL_SIZE);
    }
}

static void test_text_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(KNOWN); i++) {
        Xid xid;

        assert_true(xid_from_text(slice_text(KNOWN[i].text), &xid));
        assert_memory_equal(xid.bytes, KNOWN[i].xid.bytes, XID_SIZE);
    }
}

static void test_other_texts_are_no_xids(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "9m4e2mr0ui3e8a215n4",   /* too short */
        "9m4e2mr0ui3e8a215n4g0", /* too long */
        "9m4e2mr0ui3e8a215n4w",  /* no digit */
        "9m4e2mr0ui3e8a215N4g",
        "9m4e2mr0ui3e8a215n4h", /* bits behind the last byte */
    };
    Xid xid;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        if (xid_from_text(slice_text(TEXTS[i]), &xid)) {
            fail_msg("\"%s\" was read", TEXTS[i]);
        }
    }
    /* A NUL is no digit. */
    assert_false(xid_from_text(BYTES("9m4e2mr0ui3e8a215n4\0"), &xid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_that_of_other_implementations),
        cmocka_unit_test(test_each_bit_has_its_place_in_the_text),
        cmocka_unit_test(test_texts_sort_like_the_bytes),
        cmocka_unit_test(test_seconds_stand_big_endian_before_the_tail),
        cmocka_unit_test(test_seconds_are_taken_modulo_2_to_the_32),
        cmocka_unit_test(test_text_is_read_back),
        cmocka_unit_test(test_other_texts_are_no_xids),
    };

    return cmocka_run_group_tests_name("xid", tests, NULL, NULL);
}
