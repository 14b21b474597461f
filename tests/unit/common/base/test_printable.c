/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside as displayed: it cannot move the cursor, hide text or forge a line.
 */
#include "tests/unit/support.h"

#include "common/base/printable.h"

typedef bool Append(Buffer *target, Slice text, Error *error);

static bool append_lines(Buffer *target, Slice text, Error *error)
{
    return printable_append_lines(target, text, 4, error);
}

static void assert_shown(Append *append, Slice text, Slice expected)
{
    Buffer shown = {0};
    Error error = {0};
    uint8_t *copy = copy_of(text);

    assert_done(append(&shown, slice_of(copy, text.size), &error), &error);
    assert_slice_equal(buffer_slice(&shown), expected);
    buffer_free(&shown);
    free(copy);
}

static void test_text_is_unchanged(void **state)
{
    static const char *const TEXTS[] = {"",
                                        "plain \"text\" \\ with \\n in it",
                                        "na\xc3\xafve",                     /* U+00EF */
                                        "\xe6\x97\xa5\xe6\x9c\xac",         /* Japanese */
                                        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", /* Hebrew, no mark */
                                        "\xf0\x9f\x90\xa2",                 /* U+1F422 */
                                        "\xc2\xa0",                         /* U+00A0, behind C1 */
                                        "\xe2\x80\x90",  /* U+2010, behind U+200F */
                                        "\xef\xbf\xbd"}; /* U+FFFD */

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_shown(printable_append, slice_text(TEXTS[i]), slice_text(TEXTS[i]));
        assert_shown(append_lines, slice_text(TEXTS[i]), slice_text(TEXTS[i]));
        assert_shown(printable_append_json, slice_text(TEXTS[i]), slice_text(TEXTS[i]));
    }
}

static void test_control_characters_are_escaped(void **state)
{
    (void)state;
    assert_shown(printable_append, BYTES("\x1b[2J\x1b]0;title\x07"),
                 BYTES("\\x1b[2J\\x1b]0;title\\x07"));
    assert_shown(printable_append, BYTES("a\0b"), BYTES("a\\x00b"));
    assert_shown(printable_append, BYTES("a\r\n\tb\x7f"), BYTES("a\\r\\n\\tb\\x7f"));
    /* All of C0 and C1. */
    for (unsigned c = 0; c < 0x20; c++) {
        uint8_t byte = (uint8_t)c;
        char expected[8];

        snprintf(expected, sizeof expected, "\\x%02x", c);
        if (c != '\t' && c != '\n' && c != '\r') {
            assert_shown(printable_append, slice_of(&byte, 1), slice_text(expected));
            assert_shown(append_lines, slice_of(&byte, 1), slice_text(expected));
        }
    }
    for (unsigned c = 0x80; c <= 0x9f; c++) {
        uint8_t bytes[] = {0xc2, (uint8_t)c};
        char expected[8];

        snprintf(expected, sizeof expected, "\\u%04x", c);
        assert_shown(printable_append, slice_of(bytes, 2), slice_text(expected));
        assert_shown(append_lines, slice_of(bytes, 2), slice_text(expected));
        assert_shown(printable_append_json, slice_of(bytes, 2), slice_text(expected));
    }
}

static void test_marks_of_direction_and_line_ends_are_escaped(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } MARKS[] = {
        {"\xd8\x9c", "\\u061c"},     {"\xe2\x80\x8e", "\\u200e"}, {"\xe2\x80\x8f", "\\u200f"},
        {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}, {"\xe2\x80\xaa", "\\u202a"},
        {"\xe2\x80\xae", "\\u202e"}, {"\xe2\x81\xa6", "\\u2066"}, {"\xe2\x81\xa9", "\\u2069"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(MARKS); i++) {
        assert_shown(printable_append, slice_text(MARKS[i].text), slice_text(MARKS[i].shown));
        assert_shown(append_lines, slice_text(MARKS[i].text), slice_text(MARKS[i].shown));
        assert_shown(printable_append_json, slice_text(MARKS[i].text), slice_text(MARKS[i].shown));
    }
}

static void test_bytes_that_are_no_utf8_are_escaped(void **state)
{
    (void)state;
    /* Alone; a C1 byte of Latin-1; overlong; a surrogate; beyond U+10FFFF; cut. */
    assert_shown(printable_append,
                 BYTES("a\xff"
                       "b"),
                 BYTES("a\\xffb"));
    assert_shown(printable_append,
                 BYTES("\x9b"
                       "31m"),
                 BYTES("\\x9b31m"));
    assert_shown(printable_append, BYTES("\xc0\x9b"), BYTES("\\xc0\\x9b"));
    assert_shown(printable_append, BYTES("\xed\xa0\x80"), BYTES("\\xed\\xa0\\x80"));
    assert_shown(printable_append, BYTES("\xf4\x90\x80\x80"), BYTES("\\xf4\\x90\\x80\\x80"));
    assert_shown(printable_append, BYTES("\xe2\x80"), BYTES("\\xe2\\x80"));
    assert_shown(append_lines, BYTES("\xe2\n\x80"), BYTES("\\xe2\n    \\x80"));
}

static void test_further_lines_are_indented(void **state)
{
    (void)state;
    assert_shown(append_lines, BYTES("one\nhint: forged\n\nkv-import: error: forged"),
                 BYTES("one\n    hint: forged\n    \n    kv-import: error: forged"));
    /* As libpq writes them. */
    assert_shown(append_lines, BYTES("server closed\n\tThis probably\n\t\tmeans\tit"),
                 BYTES("server closed\n    This probably\n    means\\tit"));
    /* A carriage return would overwrite the line. */
    assert_shown(append_lines, BYTES("one\r\nforged\rforged"),
                 BYTES("one\\r\n    forged\\rforged"));
}

static void test_json_stays_json(void **state)
{
    (void)state;
    /* Text that is already escaped stays; DEL, C1 and marks become JSON escapes. */
    assert_shown(printable_append_json,
                 BYTES("{\"a\\u001b\":\"\x7f\xc2\x9b\xe2\x80\xae \\\"\xc3\xaf\"}"),
                 BYTES("{\"a\\u001b\":\"\\u007f\\u009b\\u202e \\\"\xc3\xaf\"}"));
}

static void test_names_are_shown_to_their_end(void **state)
{
    char at_most[PRINTABLE_NAME_SIZE];
    char longer[2 * PRINTABLE_NAME_SIZE];
    const char *shown;

    (void)state;
    assert_string_equal(PRINTABLE_NAME(slice_text("")), "");
    assert_string_equal(PRINTABLE_NAME(BYTES("a\0b\n\x1b\xc2\x9b\xff")),
                        "a\\x00b\\n\\x1b\\u009b\\xff");
    /* What is too long ends with dots, and with no part of a character or of an escape. */
    memset(at_most, 'a', sizeof at_most);
    shown = PRINTABLE_NAME(slice_of(at_most, sizeof at_most - 4));
    assert_int_equal(strlen(shown), sizeof at_most - 4);
    assert_null(strchr(shown, '.'));
    for (size_t i = 0; i + 1 < sizeof longer; i += 2) {
        memcpy(longer + i, "\xc3\xaf", 2);
    }
    shown = PRINTABLE_NAME(slice_of(longer, sizeof longer));
    assert_true(strlen(shown) < PRINTABLE_NAME_SIZE);
    assert_string_equal(shown + strlen(shown) - 5, "\xc3\xaf...");
    memset(longer, 0, sizeof longer);
    shown = PRINTABLE_NAME(slice_of(longer, sizeof longer));
    assert_string_equal(shown + strlen(shown) - 7, "\\x00...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_unchanged),
        cmocka_unit_test(test_control_characters_are_escaped),
        cmocka_unit_test(test_marks_of_direction_and_line_ends_are_escaped),
        cmocka_unit_test(test_bytes_that_are_no_utf8_are_escaped),
        cmocka_unit_test(test_further_lines_are_indented),
        cmocka_unit_test(test_names_are_shown_to_their_end),
        cmocka_unit_test(test_json_stays_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
