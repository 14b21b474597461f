/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv-migrate's output: fields in 80 columns, commands quoted for a shell, sizes.
 */
#include "tests/unit/support.h"

#include "scripts/session/migrate/report.h"

#include <stdlib.h>

/* The output of a function that prints to a stream. */
static char *printed(void (*print)(FILE *stream))
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    print(stream);
    fclose(stream);
    return text;
}

static void print_fields(FILE *stream)
{
    report_field(stream, 6, "a", "%s", "b");
    report_field(stream, 6, "", "%d words", 2);
    report_field(stream, 6, "none", "%s", "");
}

static void test_fields_have_their_text_at_a_column(void **state)
{
    char *text = printed(print_fields);

    (void)state;
    assert_string_equal(text, "a:    b\n      2 words\nnone: \n");
    free(text);
}

static void print_long(FILE *stream)
{
    report_field(stream, 10, "long", "%s",
                 "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012 4567 89");
}

static void test_long_texts_are_wrapped_below_80_columns(void **state)
{
    char *text = printed(print_long);

    (void)state;
    assert_string_equal(
        text, "long:     0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012\n"
              "          4567 89\n");
    free(text);
}

static void print_hostile(FILE *stream)
{
    report_field(stream, 4, "a", "%s",
                 "x\033[2J\nstate: forged\xc2\x9b"
                 "1m\xff\xe2\x80\xae");
    report_line(stream, 4, "b", "y\r\033]0;title\a");
}

static void test_nothing_from_outside_moves_a_terminal(void **state)
{
    char *text = printed(print_hostile);

    (void)state;
    assert_string_equal(text, "a:  x\\x1b[2J\\nstate: forged\\u009b1m\\xff\\u202e\n"
                              "b:  y\\r\\x1b]0;title\\x07\n");
    free(text);
}

static void test_commands_are_read_by_a_shell_as_they_are(void **state)
{
    static const char *const WORDS[] = {
        "kv-migrate", "--schema=Lake FS", "a'b",     "$(touch x)", "`x`",  "a\"b", "back\\slash",
        "!history",   "tab\tnew\nline",   "\033[2J", "\xc3\xa9",   "\xff", "*",    ""};
    Words words = {0};
    Buffer command = {0};
    Buffer expected = {0};
    Error error = {0};
    char script[4096];
    char answer[1024];
    FILE *shell;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        assert_done(words_add(&words, WORDS[i], &error), &error);
        assert_done(buffer_append_format(&expected, &error, "%s|", WORDS[i]), &error);
    }
    assert_done(report_command(&command, &words, &error), &error);
    /* Nor does it contain control characters. */
    for (size_t i = 0; i < command.size; i++) {
        assert_true(command.data[i] >= 0x20 && command.data[i] != 0x7f);
    }
    snprintf(script, sizeof script,
             "cd / && exec bash -c 'eval \"set -- $1\"; printf %%s\\| \"$@\"' x \"$COMMAND\"");
    setenv("COMMAND", (const char *)command.data, 1);
    shell = popen(script, "r");
    assert_non_null(shell);
    answer[fread(answer, 1, sizeof answer - 1, shell)] = '\0';
    assert_int_equal(pclose(shell), 0);
    assert_string_equal(answer, buffer_string(&expected));
    words_free(&words);
    buffer_free(&command);
    buffer_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_have_their_text_at_a_column),
        cmocka_unit_test(test_long_texts_are_wrapped_below_80_columns),
        cmocka_unit_test(test_nothing_from_outside_moves_a_terminal),
        cmocka_unit_test(test_commands_are_read_by_a_shell_as_they_are),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
