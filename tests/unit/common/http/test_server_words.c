/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/http/server_words.h"

static void assert_words(const char *text, size_t capacity, const char *expected)
{
    char words[64];

    memset(words, '#', sizeof words);
    server_words_copy(slice_text(text), words, capacity);
    assert_string_equal(words, expected);
    assert_true(words[capacity] == '#');
}

static void test_blanks_and_controls_become_one_blank(void **state)
{
    (void)state;
    assert_words("", 8, "");
    assert_words(" \r\n", 8, "");
    assert_words("\n a \t\x1b[2J\x7f b\n", 32, "a [2J b");
}

static void test_what_does_not_fit_is_cut_between_characters(void **state)
{
    (void)state;
    assert_words("1234567", 8, "1234567");
    assert_words("1234567 \n", 8, "1234567");
    assert_words("12345678", 8, "1234...");
    assert_words("123456 8", 8, "1234...");
    /* Two, three and four bytes. */
    assert_words("123\u00e95678", 8, "123...");
    assert_words("12\u00e956789", 9, "12\u00e95...");
    assert_words("12\u20ac5678", 9, "12...");
    assert_words("1\U0001f6001234", 9, "1...");
}

static void test_bytes_that_are_not_utf8_do_no_harm(void **state)
{
    static const unsigned char BYTES[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    char words[8];

    (void)state;
    server_words_copy(slice_of(BYTES, sizeof BYTES), words, sizeof words);
    assert_string_equal(words, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blanks_and_controls_become_one_blank),
        cmocka_unit_test(test_what_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(test_bytes_that_are_not_utf8_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
