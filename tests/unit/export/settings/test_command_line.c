/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands with a URL in them: how they are run, and which URLs they may get.
 */
#include "tests/unit/support.h"

#include "export/settings/command_line.h"

static const char PLAIN[] = "gs://b/a-1.2_x@y/%+,=\xc3\xa9:8/_lakefs";

static void assert_words(const char *command, const char *expected)
{
    CommandLine line;
    Buffer joined = {0};
    Error error = {0};
    const char **arguments;

    assert_done(command_line_parse(command, &line, &error), &error);
    arguments = command_line_arguments(&line, "URL $(x)", &error);
    assert_non_null(arguments);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_done(buffer_append_format(&joined, &error, "[%s]", arguments[i]), &error);
    }
    assert_slice_equal(buffer_slice(&joined), slice_text(expected));
    buffer_free(&joined);
    free(arguments);
    command_line_free(&line);
}

static void test_plain_words_are_run_without_a_shell(void **state)
{
    (void)state;
    assert_words("gsutil cat {}", "[gsutil][cat][URL $(x)]");
    assert_words("  a\t{}   b=c {} ", "[a][URL $(x)][b=c][URL $(x)]");
    assert_words("/opt/x.sh --key=a,b -q {}", "[/opt/x.sh][--key=a,b][-q][URL $(x)]");
}

static void test_anything_else_is_a_script(void **state)
{
    (void)state;
    assert_words("cat '{}'", "[/bin/sh][-c][cat ''\"$1\"''][sh][URL $(x)]");
    assert_words("cat \"{}\"", "[/bin/sh][-c][cat \"${1}\"][sh][URL $(x)]");
    assert_words("cat --url={}", "[/bin/sh][-c][cat --url=\"$1\"][sh][URL $(x)]");
    assert_words("cat {} | x", "[/bin/sh][-c][cat \"$1\" | x][sh][URL $(x)]");
    assert_words("A=1 cat {}", "[/bin/sh][-c][A=1 cat \"$1\"][sh][URL $(x)]");
    assert_words("exec cat {}", "[/bin/sh][-c][exec cat \"$1\"][sh][URL $(x)]");
    assert_words("~/x {}", "[/bin/sh][-c][~/x \"$1\"][sh][URL $(x)]");
    assert_words("cat $KV_SETTINGS_URL", "[/bin/sh][-c][cat $KV_SETTINGS_URL][sh][URL $(x)]");
}

static bool accepts(const char *command, const char *url)
{
    CommandLine line;
    Error error = {0};
    bool accepted;

    assert_done(command_line_parse(command, &line, &error), &error);
    accepted = command_line_accepts(&line, url);
    command_line_free(&line);
    return accepted;
}

/* What an interpreter could run. */
static const char *const HOSTILE[] = {
    "gs://b/$(x)", "gs://b/`x`", "gs://b/;x",  "gs://b/a b", "gs://b/'x", "gs://b/\"x", "gs://b/|x",
    "gs://b/&x",   "gs://b/\nx", "gs://b/\\x", "gs://b/{x",  "gs://b/(x", "gs://b/#x",  "gs://b/*",
    "gs://b/?x",   "gs://b/<x",  "gs://b/[x]", "gs://b/!x",  "gs://b/~x", "gs://b/^x"};

static void test_data_may_be_anything(void **state)
{
    static const char *const COMMANDS[] = {
        "cat {}",
        "cat '{}' \"{}\" \"\"{}",
        "cat --url={} \"--url={}\"",
        "x=\"$(cat {})\" && echo \"$x\"",
        "x=\"`cat \"{}\"`\" && (echo \"$x\"; echo {})",
        "sh -c 'cat \"$KV_SETTINGS_URL\"'",
        "bash -ec 'cat \"$KV_SETTINGS_URL\" | sed s/a/b/'",
        "python3 -c 'import os; print(os.environ[\"KV_SETTINGS_URL\"])'",
        "cat \"$KV_SETTINGS_URL\" | gzip -d",
        "sh fetch.sh {}",
        "/usr/bin/python3.11 fetch.py {}",
        "cat {} # sh -c",
        "gcloud storage cat {}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
        /* A name of an interpreter in a comment is one too many, which does no harm. */
        bool expected = strstr(COMMANDS[i], "# sh") == NULL;

        assert_true(accepts(COMMANDS[i], PLAIN));
        for (size_t j = 0; j < COUNT_OF(HOSTILE); j++) {
            assert_int_equal(accepts(COMMANDS[i], HOSTILE[j]), expected);
        }
    }
}

static void test_what_an_inner_interpreter_gets_must_be_plain(void **state)
{
    static const char *const COMMANDS[] = {
        "sh -c \"echo {}\"",
        "sh -c 'echo {}'",
        "sh -c {}",
        "eval echo {}",
        "eval \"echo $KV_SETTINGS_URL\"",
        "sh -c \"echo ${KV_SETTINGS_URL}\"",
        "/bin/bash -lc \"echo {}\"",
        "env X=1 dash -c 'echo {}'",
        "\"$SHELL\" -c 'echo {}'",
        "su -c 'cat {}' lakefs",
        "ssh host cat {}",
        "/usr/bin/ssh host cat {}",
        "echo {} | xargs cat",
        "echo cat {} | sh",
        "x={}; eval \"$x\"",
        "python3 -c \"print(open({}))\"",
        "python3.11 -c 'print(\"{}\")'",
        "perl -ne 'print' {}",
        "ruby -e 'puts \"{}\"'",
        "node --eval 'x(\"{}\")'",
        "awk '{ print }' {}",
        "cat $KV_SETTINGS_URL",
        "cat \"a\"${KV_SETTINGS_URL}",
        "unknown \"cat {}\"",
        "unknown 'cat {}'",
        "unknown \"cat;{}\"",
        "unknown 'f({})'",
        "unknown cat\\ {}",
        "unknown \"$(unknown \"cat {}\")\"",
        "sh <<END\necho {}\nEND",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
        assert_true(accepts(COMMANDS[i], PLAIN));
        for (size_t j = 0; j < COUNT_OF(HOSTILE); j++) {
            assert_false(accepts(COMMANDS[i], HOSTILE[j]));
        }
    }
}

static void test_the_url_must_be_named(void **state)
{
    (void)state;
    assert_true(command_line_has_url("cat {}"));
    assert_true(command_line_has_url("sh -c 'cat \"$KV_SETTINGS_URL\"'"));
    assert_false(command_line_has_url("cat file"));
    assert_false(command_line_has_url("cat { }"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_words_are_run_without_a_shell),
        cmocka_unit_test(test_anything_else_is_a_script),
        cmocka_unit_test(test_data_may_be_anything),
        cmocka_unit_test(test_what_an_inner_interpreter_gets_must_be_plain),
        cmocka_unit_test(test_the_url_must_be_named),
    };

    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
