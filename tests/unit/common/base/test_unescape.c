/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format "escape" of PostgreSQL: every byte survives json_quote_bytes and the way back.
 */
#include "tests/unit/support.h"

#include "common/base/unescape.h"

static void assert_bytes(const char *text, Slice expected)
{
    Buffer bytes = {0};
    Error error = {0};
    bool valid;

    assert_done(unescape_append(&bytes, text, &valid, &error), &error);
    assert_true(valid);
    assert_slice_equal(buffer_slice(&bytes), expected);
    buffer_free(&bytes);
}

static void test_escapes_are_bytes(void **state)
{
    (void)state;
    assert_bytes("", BYTES(""));
    assert_bytes("users/na\xc3\xafve\n", BYTES("users/na\xc3\xafve\n"));
    assert_bytes("\\\\", BYTES("\\"));
    assert_bytes("\\\\000a\\\\\\\\", BYTES("\\000a\\\\"));
    assert_bytes("a\\000b\\377\\0333", BYTES("a\0b\xff\x1b\x33"));
}

static void test_other_escapes_are_refused(void **state)
{
    static const char *const TEXTS[] = {"\\",   "a\\",   "\\n",   "\\x41",  "\\4",
                                        "\\37", "\\400", "\\080", "\\\\\\", "a\\ 01b"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Buffer bytes = {0};
        Error error = {0};
        bool valid;

        assert_done(unescape_append(&bytes, TEXTS[i], &valid, &error), &error);
        assert_false(valid);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes_are_bytes),
        cmocka_unit_test(test_other_escapes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
