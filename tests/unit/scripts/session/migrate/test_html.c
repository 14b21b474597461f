/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside in HTML.
 */
#include "tests/unit/support.h"

#include "scripts/session/migrate/html.h"

static void assert_html(Slice text, const char *expected)
{
    Buffer html = {0};
    Error error = {0};

    assert_true(html_append(&html, text, &error));
    assert_string_equal(buffer_string(&html), expected);
    buffer_free(&html);
}

static void test_markup_is_escaped(void **state)
{
    (void)state;
    assert_html(slice_text("<b title=\"a\" id='b'>&amp;</b>"),
                "&lt;b title=&quot;a&quot; id=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;");
    assert_html(slice_text(""), "");
    assert_html(slice_text("two\nlines \xc3\xa4"), "two\nlines \xc3\xa4");
}

/* A NUL, an escape sequence, a mark that turns text around, and what is not UTF-8. */
static void test_unsafe_characters_are_escaped(void **state)
{
    (void)state;
    assert_html(slice_of("a\0b", 3), "a\\x00b");
    assert_html(slice_text("\x1b[1m"), "\\x1b[1m");
    assert_html(slice_text("\xe2\x80\xae"), "\\u202e");
    assert_html(slice_text("\xff<"), "\\xff&lt;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup_is_escaped),
        cmocka_unit_test(test_unsafe_characters_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
