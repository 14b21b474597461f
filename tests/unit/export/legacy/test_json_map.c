/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata: from a jsonb object to the pairs of a map.
 *
 * Source of the rules: the design's table of irregular rows, "metadata whose values are not
 * strings".
 */
#include "tests/unit/support.h"

#include "export/legacy/json_map.h"

/* Every kind of value, and strings with every special character of JSON. */
static const char RICH[] =
    "{\"a\": \"x,y:{}[]\\\"\\\\\", \"n\": -1.50e+3, \"t\": true, \"z\": null,"
    " \"o\": {\"k\": [1, \"}\", {}], \"l\": \"\\u00e9\"}, \"e\": \"\"}";

/* Reads the text and writes "key=value;" of all pairs to `seen`. */
static JsonMapStatus read_map(Slice json, Buffer *seen, bool *adjusted)
{
    uint8_t *copy = copy_of(json);
    Arena arena = {0};
    Error error = {0};
    JsonMap map;
    JsonMapStatus status = json_map_read(slice_of(copy, json.size), &arena, &map, &error);

    seen->size = 0;
    for (size_t i = 0; status == JSON_MAP_DONE && i < map.count; i++) {
        assert_done(buffer_append_format(seen, &error, "%s=%s;", map.entries[i]->key,
                                         map.entries[i]->value),
                    &error);
    }
    *adjusted = map.adjusted;
    /* The texts are in it. */
    free(copy);
    arena_free(&arena);
    return status;
}

static void assert_map(const char *json, const char *expected, bool expected_adjusted)
{
    Buffer seen = {0};
    bool adjusted;

    assert_int_equal(read_map(slice_text(json), &seen, &adjusted), JSON_MAP_DONE);
    assert_slice_equal(buffer_slice(&seen), slice_text(expected));
    assert_int_equal(adjusted, expected_adjusted);
    buffer_free(&seen);
}

static void assert_no_object(Slice json)
{
    Buffer seen = {0};
    bool adjusted;

    if (read_map(json, &seen, &adjusted) != JSON_MAP_NO_OBJECT) {
        fail_msg("taken for an object: %.*s", (int)json.size, (const char *)json.data);
    }
    buffer_free(&seen);
}

static void test_strings_are_the_values_as_they_are(void **state)
{
    (void)state;
    assert_map("{\"a\": \"1\", \"b\": \"x y\", \"c\": \"\"}", "a=1;b=x y;c=;", false);
}

static void test_escapes_are_decoded(void **state)
{
    (void)state;
    assert_map("{\"k\": \"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 \\u0041\"}",
               "k=\" \\ / \b \f \n \r \t \xc3\xa9 A;", false);
    assert_map("{\"k\": \"\\ud83d\\ude00\"}", "k=\xf0\x9f\x98\x80;", false);
    assert_map("{\"k\\\"\\u00e9\\n\": \"v\"}", "k\"\xc3\xa9\n=v;", false);
}

static void test_text_beyond_ascii_stays(void **state)
{
    (void)state;
    assert_map("{\"caf\xc3\xa9\": \"\xf0\x9f\x90\x98\"}", "caf\xc3\xa9=\xf0\x9f\x90\x98;", false);
}

static void test_nothing_null_and_empty_objects_are_empty_maps(void **state)
{
    (void)state;
    assert_map("", "", false);
    assert_map("null", "", false);
    assert_map("{}", "", false);
    assert_map("{ }", "", false);
    assert_map(" \n{\t}", "", false);
}

static void test_other_json_is_not_an_object(void **state)
{
    static const char *const TEXTS[] = {
        "[]", "[{\"a\": \"b\"}]", "\"{}\"", "\"\"", "1", "0", "-1.5", "true", "false", "nulls"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_no_object(slice_text(TEXTS[i]));
    }
}

static void test_numbers_keep_their_last_digit(void **state)
{
    static const char *const NUMBERS[] = {
        "0",
        "-0",
        "1.10",
        "12345678901234567890123",
        "-0.1000000000000000055511151231257827021181583404541015625",
        "1e400",
        "1E-400",
        "9007199254740993",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        char json[128];
        char expected[128];

        snprintf(json, sizeof json, "{\"n\": %s, \"m\": \"s\"}", NUMBERS[i]);
        snprintf(expected, sizeof expected, "n=%s;m=s;", NUMBERS[i]);
        assert_map(json, expected, true);
    }
}

static void test_booleans_become_their_words_and_null_nothing(void **state)
{
    (void)state;
    assert_map("{\"a\": true, \"b\": false}", "a=true;b=false;", true);
    assert_map("{\"a\": null}", "a=;", true);
    assert_map("{\"a\": \"null\", \"b\": \"true\"}", "a=null;b=true;", false);
}

static void test_nested_values_lose_spaces_outside_of_strings_only(void **state)
{
    (void)state;
    assert_map("{\"o\": {\"b\": [1, 2.50, \"x  y\"], \"c\": null}}",
               "o={\"b\":[1,2.50,\"x  y\"],\"c\":null};", true);
    assert_map("{\"o\": [ ], \"p\": { } , \"q\": [ [ 1 , { \"r\" : \" \\\" \" } ] ] }",
               "o=[];p={};q=[[1,{\"r\":\" \\\" \"}]];", true);
    assert_map("{\"o\": {\"}, \": \"]\\\\\"}, \"p\": \"1\"}", "o={\"}, \":\"]\\\\\"};p=1;", true);
    assert_map("{\"o\":\n[\t1,\r\n2]}", "o=[1,2];", true);
}

static void test_keys_may_hold_any_mark_of_json(void **state)
{
    (void)state;
    assert_map("{\"a,b\": \"1\", \"c:d\": \"2\", \"{e}\": \"3\", \"[f]\": \"4\", \"g\\\"h\": \"5\","
               " \"\": \"6\", \"\\\\\": \"7\", \"i\\\\\\\"}\": \"8\"}",
               "a,b=1;c:d=2;{e}=3;[f]=4;g\"h=5;=6;\\=7;i\\\"}=8;", false);
}

static void test_values_may_hold_any_mark_of_json(void **state)
{
    (void)state;
    assert_map(RICH,
               "a=x,y:{}[]\"\\;n=-1.50e+3;t=true;z=;o={\"k\":[1,\"}\",{}],\"l\":\"\\u00e9\"};e=;",
               true);
}

static void test_a_value_that_is_not_a_string_adjusts_the_map(void **state)
{
    (void)state;
    assert_map("{\"a\": \"1\", \"b\": \"2\", \"c\": 3}", "a=1;b=2;c=3;", true);
    assert_map("{\"a\": 1, \"b\": \"2\"}", "a=1;b=2;", true);
}

static void test_spaces_do_not_matter(void **state)
{
    (void)state;
    assert_map("{\"a\":\"1\",\"b\":2}", "a=1;b=2;", true);
    assert_map("\n{ \"a\"\t:\r\n\"1\" , \"b\" : 2 }", "a=1;b=2;", true);
}

static void test_order_of_the_text_is_kept(void **state)
{
    Buffer json = {0};
    Buffer expected = {0};
    Buffer seen = {0};
    Error error = {0};
    bool adjusted;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        int number = i * 733 % 2000;

        assert_done(
            buffer_append_format(&json, &error, "%s\"%d\": \"%d\"", i == 0 ? "{" : ", ", number, i),
            &error);
        assert_done(buffer_append_format(&expected, &error, "%d=%d;", number, i), &error);
    }
    assert_done(buffer_append_text(&json, "}", &error), &error);
    assert_int_equal(read_map(buffer_slice(&json), &seen, &adjusted), JSON_MAP_DONE);
    assert_slice_equal(buffer_slice(&seen), buffer_slice(&expected));
    buffer_free(&json);
    buffer_free(&expected);
    buffer_free(&seen);
}

static void test_broken_objects_are_no_objects(void **state)
{
    static const char *const TEXTS[] = {
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\": }",
        "{\"a\" \"b\"}",
        "{a: \"b\"}",
        "{1: \"b\"}",
        "{,}",
        "{\"a\": \"b\",}",
        "{\"a\": \"b\" \"c\"}",
        "{\"a\": \"b\"c}",
        "{\"a\": \"\\x\"}",
        "{\"a\": \"\\u12\"}",
        "{\"a\": \"two\nlines\"}",
        "{\"a\": \"\\ud83d\"}",
        "{\"a\": \"\\u0000\"}",
        "{\"\\u0000\": \"a\"}",
        "{\"a\": \"\xff\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_no_object(slice_text(TEXTS[i]));
    }
}

static void test_truncated_text_is_not_an_object(void **state)
{
    (void)state;
    for (size_t size = 1; size < sizeof RICH - 1; size++) {
        assert_no_object(slice_of(RICH, size));
    }
}

/* Altered texts may be refused or not, but nothing beyond them is read, and the result is complete.
 */
static void test_altered_text_does_no_harm(void **state)
{
    static const char MARKS[] = "\"\\{}[],: 1n\0\x80";
    char json[sizeof RICH];
    Buffer seen = {0};

    (void)state;
    for (size_t at = 0; at < sizeof RICH - 1; at++) {
        for (size_t i = 0; i < sizeof MARKS - 1; i++) {
            bool adjusted;

            memcpy(json, RICH, sizeof json);
            json[at] = MARKS[i];
            assert_int_not_equal(read_map(slice_of(json, sizeof json - 1), &seen, &adjusted),
                                 JSON_MAP_ERROR);
        }
    }
    buffer_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_are_the_values_as_they_are),
        cmocka_unit_test(test_escapes_are_decoded),
        cmocka_unit_test(test_text_beyond_ascii_stays),
        cmocka_unit_test(test_nothing_null_and_empty_objects_are_empty_maps),
        cmocka_unit_test(test_other_json_is_not_an_object),
        cmocka_unit_test(test_numbers_keep_their_last_digit),
        cmocka_unit_test(test_booleans_become_their_words_and_null_nothing),
        cmocka_unit_test(test_nested_values_lose_spaces_outside_of_strings_only),
        cmocka_unit_test(test_keys_may_hold_any_mark_of_json),
        cmocka_unit_test(test_values_may_hold_any_mark_of_json),
        cmocka_unit_test(test_a_value_that_is_not_a_string_adjusts_the_map),
        cmocka_unit_test(test_spaces_do_not_matter),
        cmocka_unit_test(test_order_of_the_text_is_kept),
        cmocka_unit_test(test_broken_objects_are_no_objects),
        cmocka_unit_test(test_truncated_text_is_not_an_object),
        cmocka_unit_test(test_altered_text_does_no_harm),
    };

    return cmocka_run_group_tests_name("jsonb maps", tests, NULL, NULL);
}
