/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dump's header as JSON: what is written is read, and nothing less.
 */
#include "tests/unit/dump_json.h"

static char *header_text(void)
{
    DumpHeader header = sample_header();
    Error error = {0};
    char *text = dump_header_encode(&header, &error);

    assert_non_null(text);
    return text;
}

static bool decode_header(const char *text, Error *error)
{
    DumpHeader header;
    bool done = dump_header_decode(slice_text(text), &header, error);

    dump_header_free(&header);
    return done;
}

static void assert_header_refused(const char *path, const char *value)
{
    char *whole = header_text();
    char *text = altered(whole, path, value);
    Error error = {0};

    assert_refused(decode_header(text, &error), &error, EXIT_CODE_DUMP);
    free(text);
    free(whole);
}

static void test_header_says_what_it_is(void **state)
{
    char *text = header_text();
    json_t *json = json_loads(text, 0, NULL);

    (void)state;
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "frame")), "header");
    assert_string_equal(json_string_value(json_object_get(json, "format")), "lakefs-kv-dump");
    assert_string_equal(json_string_value(json_object_get(json, "version")), "1.0");
    json_decref(json);
    free(text);
}

static void test_any_minor_version_of_the_major_one_is_read(void **state)
{
    static const char *const VERSIONS[] = {"\"1.0\"", "\"1.7\"", "\"1.10\"", "\"1.999\""};
    char *whole = header_text();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VERSIONS); i++) {
        char *text = altered(whole, "version", VERSIONS[i]);
        Error error = {0};

        assert_done(decode_header(text, &error), &error);
        free(text);
    }
    free(whole);
}

static void test_any_other_version_is_refused_by_name(void **state)
{
    static const char *const VERSIONS[] = {"2.0",
                                           "2.1",
                                           "0.9",
                                           "10.0",
                                           "11.0",
                                           "",
                                           "1",
                                           "x",
                                           ".1",
                                           "1x.0",
                                           "v1.0",
                                           "4294967297.0",
                                           "18446744073709551617.0"};
    char *whole = header_text();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VERSIONS); i++) {
        char value[64];
        Error error = {0};
        char *text;

        snprintf(value, sizeof value, "\"%s\"", VERSIONS[i]);
        text = altered(whole, "version", value);
        assert_refused(decode_header(text, &error), &error, EXIT_CODE_DUMP);
        assert_contains(error.message, "version");
        assert_contains(error.message, value);
        assert_string_not_equal(error.detail, "");
        assert_string_not_equal(error.hint, "");
        free(text);
    }
    free(whole);
}

/* A later major version may lack members of this one, and must still be reported by its number. */
static void test_version_is_looked_at_before_the_rest(void **state)
{
    Error error = {0};

    (void)state;
    assert_refused(decode_header("{\"frame\":\"header\",\"format\":\"lakefs-kv-dump\","
                                 "\"version\":\"2.0\"}",
                                 &error),
                   &error, EXIT_CODE_DUMP);
    assert_contains(error.message, "\"2.0\"");
}

static void test_header_of_another_format_is_refused(void **state)
{
    (void)state;
    assert_header_refused("format", "\"lakefs-kv-dumps\"");
    assert_header_refused("format", "\"\"");
    assert_header_refused("frame", "\"manifest\"");
}

static void test_each_member_of_the_header_must_exist_and_have_its_type(void **state)
{
    static const char *const TEXTS[] = {
        "frame",
        "format",
        "version",
        "program",
        "program_version",
        "created",
        "source/kind",
        "source/database",
        "source/schema",
        "source/server_version",
        "source/system_identifier",
        "source/snapshot",
    };
    static const char *const COUNTS[] = {"source/schema_version", "kv_version",
                                         "kv_migration_version", "estimated_entries"};
    static const char *const OTHERS[] = {"source", "packages", "compression", "redacted",
                                         "omitted"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_header_refused(TEXTS[i], NULL);
        assert_header_refused(TEXTS[i], "1");
        assert_header_refused(TEXTS[i], "null");
    }
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        assert_header_refused(COUNTS[i], NULL);
        assert_header_refused(COUNTS[i], "\"1\"");
        assert_header_refused(COUNTS[i], "-1");
        assert_header_refused(COUNTS[i], "1.0");
    }
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        assert_header_refused(OTHERS[i], NULL);
        assert_header_refused(OTHERS[i], "\"x\"");
    }
    assert_header_refused("compression/level", NULL);
    assert_header_refused("compression/level", "\"1\"");
    assert_header_refused("compression/level", "1.0");
    assert_header_refused("stream_sha256", "1");
    assert_header_refused("source/time", "1");
    assert_header_refused("packages", "{}");
    assert_header_refused("source", "[]");
    assert_header_refused("redacted", "0");
}

/* Replaces `member` of the header by a list of `count` names. */
static bool decode_header_with_names(const char *member, int count, Error *error)
{
    json_t *array = json_array();
    char *whole = header_text();
    char *names;
    char *text;
    bool done;

    for (int i = 0; i < count; i++) {
        json_array_append_new(array, json_sprintf("name%d", i));
    }
    names = json_dumps(array, JSON_COMPACT);
    assert_non_null(names);
    text = altered(whole, member, names);
    done = decode_header(text, error);
    free(text);
    free(names);
    free(whole);
    json_decref(array);
    return done;
}

static void test_lists_of_the_header_have_limits(void **state)
{
    Error error = {0};

    (void)state;
    assert_done(decode_header_with_names("packages", DUMP_MAX_PACKAGES, &error), &error);
    assert_refused(decode_header_with_names("packages", DUMP_MAX_PACKAGES + 1, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "too many");
    assert_done(decode_header_with_names("omitted", DUMP_MAX_OMITTED, &error), &error);
    assert_refused(decode_header_with_names("omitted", DUMP_MAX_OMITTED + 1, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "too many");
    assert_header_refused("packages", "[\"auth\",1]");
    assert_header_refused("packages", "[\"auth\",\"actions\",\"auth\"]");
    assert_header_refused("omitted", "[null]");
}

static void test_header_that_is_not_an_object_is_refused(void **state)
{
    static const char *const TEXTS[] = {"", "{", "[]", "null", "1", "\"header\"", "{}", "{} x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Error error = {0};

        assert_refused(decode_header(TEXTS[i], &error), &error, EXIT_CODE_DUMP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_says_what_it_is),
        cmocka_unit_test(test_any_minor_version_of_the_major_one_is_read),
        cmocka_unit_test(test_any_other_version_is_refused_by_name),
        cmocka_unit_test(test_version_is_looked_at_before_the_rest),
        cmocka_unit_test(test_header_of_another_format_is_refused),
        cmocka_unit_test(test_each_member_of_the_header_must_exist_and_have_its_type),
        cmocka_unit_test(test_lists_of_the_header_have_limits),
        cmocka_unit_test(test_header_that_is_not_an_object_is_refused),
    };

    return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
