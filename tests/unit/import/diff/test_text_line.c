/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people: names are escaped, long texts are cut.
 */
#include "tests/unit/support.h"

#include "import/diff/change.h"

#define R "r-0123456789abcdefghig"
#define RULES "settings/protected_branches"

static Error error;

static void assert_line(TextLine *line, const char *expected)
{
    assert_false(line->failed);
    assert_slice_equal(buffer_slice(&line->buffer), slice_text(expected));
    line->buffer.size = 0;
}

static void test_names_are_escaped(void **state)
{
    TextLine line = {.error = &error};

    (void)state;
    text_name(&line, BYTES("a\x1b[31m\n\xff\xe2\x80\xae"));
    assert_line(&line, "\"a\\x1b[31m\\n\\xff\\u202e\"");
    text_id(&line, BYTES("\x1b\x1b"));
    assert_line(&line, "\\x1b\\x1b");
    text_first_line(&line, BYTES("a\tb\nc"));
    assert_line(&line, "\"a\\tb...\"");
    buffer_free(&line.buffer);
}

static void test_texts_are_cut_between_characters(void **state)
{
    TextLine line = {.error = &error};
    char text[100];

    (void)state;
    text_id(&line, BYTES("0123456789abcdef"));
    assert_line(&line, "0123456789ab");
    text_id(&line, BYTES("0123456789a\xc3\xa4"));
    assert_line(&line, "0123456789a");
    text_id(&line, BYTES(""));
    assert_line(&line, "no commit");
    memset(text, 'x', sizeof text);
    text_first_line(&line, slice_of(text, 72));
    assert_int_equal(line.buffer.size, 74);
    line.buffer.size = 0;
    text_first_line(&line, slice_of(text, 73));
    assert_int_equal(line.buffer.size, 77);
    line.buffer.size = 0;
    /* Bytes that are no characters at all. */
    memset(text, 0x80, sizeof text);
    text_first_line(&line, slice_of(text, sizeof text));
    assert_line(&line, "\"...\"");
    text_count(&line, 1, "object", "objects");
    text_add(&line, ", ");
    text_count(&line, 0, "object", "objects");
    assert_line(&line, "1 object, 0 objects");
    buffer_free(&line.buffer);
}

/* A change of an entry, described. */
static void describe(TextLine *line, const char *key, Slice old_value, Slice new_value, bool rules)
{
    Difference difference = {
        .has_old = true,
        .has_new = true,
        .old_entry = {slice_text(R), slice_text(key), old_value},
        .new_entry = {slice_text(R), slice_text(key), new_value},
    };
    Change change = change_of(&difference);

    change_pairs(line, &change, rules);
}

static void test_pairs_of_a_map(void **state)
{
    TextLine line = {.error = &error};
    Buffer many = {0};

    (void)state;
    describe(&line, RULES, BYTES("\x0a\x08\x0a\x01x\x12\x03\x0a\x01\x00"),
             BYTES("\x0a\x09\x0a\x01x\x12\x04\x0a\x02\x00\x01"), true);
    assert_line(&line, ": \"x\" blocks writes and commits");
    describe(&line, RULES, BYTES(""), BYTES("\x0a\x08\x0a\x01x\x12\x03\x0a\x01\x07"), true);
    assert_line(&line, ": \"x\" blocks other actions");
    describe(&line, "repo-metadata", BYTES("\x0a\x06\x0a\x01k\x12\x01v"),
             BYTES("\x0a\x06\x0a\x01k\x12\x01v"), false);
    assert_line(&line, "");
    /* More than are named. */
    for (char c = 'a'; c <= 'm'; c++) {
        const char pair[] = {0x0a, 6, 0x0a, 1, c, 0x12, 1, 'v'};

        assert_done(buffer_append(&many, pair, sizeof pair, &error), &error);
    }
    describe(&line, "repo-metadata", BYTES(""), buffer_slice(&many), false);
    assert_contains(buffer_string(&line.buffer), "\"h\" added and 5 more");
    buffer_free(&line.buffer);
    buffer_free(&many);
}

static void test_fields_that_have_changed(void **state)
{
    Difference difference = {
        .has_old = true,
        .has_new = true,
        .old_entry = {BYTES("auth"), BYTES("users/eve"),
                      BYTES("\x12\x03"
                            "eve"
                            "\x22\x01x")},
        .new_entry = {BYTES("auth"), BYTES("users/eve"),
                      BYTES("\x22\x01y\x12\x03"
                            "eve")},
    };
    Change change = change_of(&difference);
    TextLine line = {.error = &error};

    (void)state;
    change_fields(&line, &change);
    assert_line(&line, ": email");
    /* What is no message has the fields before the fault. */
    difference.new_entry.value = BYTES("\x12\x03"
                                       "eve"
                                       "\x22\x7fx");
    change = change_of(&difference);
    change_fields(&line, &change);
    assert_line(&line, ": email");
    buffer_free(&line.buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_escaped),
        cmocka_unit_test(test_texts_are_cut_between_characters),
        cmocka_unit_test(test_pairs_of_a_map),
        cmocka_unit_test(test_fields_that_have_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
