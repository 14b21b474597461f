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

static void assert_header_taken(const char *path, const char *value)
{
    char *whole = header_text();
    char *text = altered(whole, path, value);
    Error error = {0};

    assert_done(decode_header(text, &error), &error);
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
    assert_string_equal(json_string_value(json_object_get(json, "version")), "1.2");
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

static void test_repositories_without_rules_are_named(void **state)
{
    const char *ids[] = {"repo", "odd \"\xc3\xa9\""};
    DumpHeader header = sample_header();
    Error error = {0};
    char *text = header_text();

    (void)state;
    /* Nothing is said where there are none. */
    assert_lacks(text, "omitted_settings");
    assert_done(decode_header(text, &error), &error);
    free(text);
    header.omitted_settings = ids;
    header.omitted_settings_count = COUNT_OF(ids);
    text = dump_header_encode(&header, &error);
    assert_non_null(text);
    header = (DumpHeader){0};
    assert_done(dump_header_decode(slice_text(text), &header, &error), &error);
    assert_int_equal(header.omitted_settings_count, COUNT_OF(ids));
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_string_equal(header.omitted_settings[i], ids[i]);
    }
    dump_header_free(&header);
    free(text);
    assert_header_refused("omitted_settings", "[1]");
    assert_header_refused("omitted_settings", "{}");
    assert_header_refused("omitted_settings", "null");
}

static void test_repositories_that_the_dump_is_limited_to(void **state)
{
    const char *ids[] = {"repo", "odd \"\xc3\xa9\""};
    DumpHeader header = sample_header();
    Error error = {0};
    char *text = header_text();

    (void)state;
    /* Nothing is said where it has all. */
    assert_lacks(text, "\"repositories\"");
    free(text);
    header.repositories = ids;
    header.repository_count = COUNT_OF(ids);
    text = dump_header_encode(&header, &error);
    assert_non_null(text);
    header = (DumpHeader){0};
    assert_done(dump_header_decode(slice_text(text), &header, &error), &error);
    assert_int_equal(header.repository_count, COUNT_OF(ids));
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_string_equal(header.repositories[i], ids[i]);
    }
    dump_header_free(&header);
    free(text);
    assert_header_refused("repositories", "[1]");
    assert_header_refused("repositories", "{}");
    assert_header_refused("repositories", "\"repo\"");
}

static void test_lists_of_the_header_have_limits(void **state)
{
    Error error = {0};

    (void)state;
    assert_refused(decode_header_with_names("packages", DUMP_MAX_PACKAGES + 1, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "too many");
    assert_done(decode_header_with_names("omitted", DUMP_MAX_OMITTED, &error), &error);
    assert_refused(decode_header_with_names("omitted", DUMP_MAX_OMITTED + 1, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "too many");
    assert_header_taken("packages", "[\"other\",\"multiparts\",\"graveler\",\"auth\",\"actions\"]");
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

/* What PostgreSQL, DynamoDB and lakeFS may put there. */
static void test_values_of_the_header_that_can_be_are_taken(void **state)
{
    static const char *const VALUES[][2] = {
        {"source/kind", "\"kv\""},
        {"source/database_oid", "1"},
        {"source/database_oid", "4294967295"},
        {"source/database_oid", NULL},
        {"source/tables", "{}"},
        {"source/tables", "{\"auth_users\":[1,2,3],\"x\":[1]}"},
        {"source/tables", NULL},
        {"source/store", "\"dynamodb\""},
        {"source/database", "\"\\u001b[31m \\\"quoted\\\" \\n\\u00e9\""},
        {"source/schema", "\"'; --\""},
        {"source/server_version", "\"\""},
        {"source/server_version", "\"15.18 (Debian 15.18-0+deb12u1)\""},
        {"source/server_version", "\"17beta1\""},
        {"source/system_identifier", "\"\""},
        {"source/system_identifier", "\"18446744073709551615\""},
        {"source/snapshot", "\"\""},
        {"source/snapshot", "\"1:1:\""},
        {"source/snapshot", "\"750:760:750,752,759\""},
        {"source/snapshot", "\"4294967296:9223372036854775807:4294967296\""},
        {"source/time", "\"2022-06-15T14:30:00Z\""},
        {"source/time", "\"2022-06-15T14:30:00+02:00\""},
        {"created", "\"2022-06-15T14:30:00.5Z\""},
        {"kv_version", "4"},
        {"estimated_entries", "100000000000"},
        {"compression/level", "-131072"},
        {"omitted", "[\"settings\",\"package:auth\"]"},
        {"program_version", "\"0.2.0~rc1+dirty\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        assert_header_taken(VALUES[i][0], VALUES[i][1]);
    }
}

/* A text of 256 characters. */
#define LONG_32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_256 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32

static void test_values_of_the_header_that_cannot_be_are_refused_by_member(void **state)
{
    static const char *const VALUES[][2] = {
        {"program", "\"\""},
        {"program", "\"kv export\""},
        {"program", "\"kv-export\\n\""},
        {"program_version", "\"1.0\\u001b[31m\""},
        {"program_version", "\"" LONG_256 "\""},
        {"created", "\"\""},
        {"created", "\"yesterday\""},
        {"created", "\"2022-02-30T00:00:00Z\""},
        {"created", "\"2022-06-15T14:30:00Z\\n\""},
        {"created", "\"2022-06-15 14:30:00\""},
        {"source/store", "\"\""},
        {"source/store", "\"Dynamo DB\""},
        {"source/store", "null"},
        {"source/database", "\"\""},
        {"source/database", "\"" LONG_256 "\""},
        {"source/schema", "\"\""},
        {"source/schema", "\"" LONG_256 "\""},
        {"source/database_oid", "0"},
        {"source/database_oid", "-1"},
        {"source/database_oid", "4294967296"},
        {"source/database_oid", "\"1\""},
        {"source/database_oid", "null"},
        {"source/tables", "null"},
        {"source/tables", "[]"},
        {"source/tables", "{\"auth_users\":1}"},
        {"source/tables", "{\"auth_users\":[]}"},
        {"source/tables", "{\"auth_users\":[0]}"},
        {"source/tables", "{\"auth_users\":[4294967296]}"},
        {"source/tables", "{\"auth_users\":[1,\"2\"]}"},
        {"source/tables", "{\"auth users\":[1]}"},
        {"source/tables", "{\"a; DROP TABLE b\":[1]}"},
        {"source/tables", "{\"\":[1]}"},
        {"source/tables", "{\"" LONG_32 LONG_32 "\":[1]}"},
        {"source/server_version", "\"15\\n\""},
        {"source/server_version", "\"15\\u00e9\""},
        {"source/system_identifier", "\"x\""},
        {"source/system_identifier", "\"-1\""},
        {"source/system_identifier", "\"+1\""},
        {"source/system_identifier", "\" 1\""},
        {"source/system_identifier", "\"1 \""},
        {"source/system_identifier", "\"1\\n\""},
        {"source/system_identifier", "\"01\""},
        {"source/system_identifier", "\"18446744073709551616\""},
        {"source/system_identifier", "\"\\n--kv-migrate-end-of-answer-- 00000\""},
        {"source/snapshot", "\"x\""},
        {"source/snapshot", "\"1\""},
        {"source/snapshot", "\"1:1\""},
        {"source/snapshot", "\"0:0:\""},
        {"source/snapshot", "\"2:1:\""},
        {"source/snapshot", "\"1:2:1,\""},
        {"source/snapshot", "\"1:3:,1\""},
        {"source/snapshot", "\"1:3:2,1\""},
        {"source/snapshot", "\"1:3:1,1\""},
        {"source/snapshot", "\"2:3:1\""},
        {"source/snapshot", "\"1:3:3\""},
        {"source/snapshot", "\"-1:3:\""},
        {"source/snapshot", "\"1:3:'\""},
        {"source/snapshot", "\"1:3:\\n\""},
        {"source/snapshot", "\"1:9223372036854775808:\""},
        {"source/time", "\"\""},
        {"source/time", "null"},
        {"source/time", "\"2022-06-15T25:00:00Z\""},
        {"kv_version", "0"},
        {"kv_migration_version", "0"},
        {"kv_migration_version", "40"},
        {"packages", "[\"auth\",\"users\"]"},
        {"packages", "[\"\"]"},
        {"packages", "[\"auth\\n\"]"},
        {"estimated_entries", "9223372036854775807"},
        {"omitted", "[\"\"]"},
        {"omitted", "[\"package:a b\"]"},
        {"omitted", "[\"package:\\u001b[31m\"]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        char *whole = header_text();
        char *text = altered(whole, VALUES[i][0], VALUES[i][1]);
        const char *slash = strchr(VALUES[i][0], '/');
        Error error = {0};

        if (decode_header(text, &error)) {
            fail_msg("taken with %s = %s", VALUES[i][0], VALUES[i][1]);
        }
        assert_int_equal(error.code, EXIT_CODE_DUMP);
        assert_contains(error.message, slash == NULL ? VALUES[i][0] : slash + 1);
        free(text);
        free(whole);
    }
    assert_header_refused("source/kind", "\"tables\"");
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
        cmocka_unit_test(test_repositories_without_rules_are_named),
        cmocka_unit_test(test_repositories_that_the_dump_is_limited_to),
        cmocka_unit_test(test_lists_of_the_header_have_limits),
        cmocka_unit_test(test_header_that_is_not_an_object_is_refused),
        cmocka_unit_test(test_values_of_the_header_that_can_be_are_taken),
        cmocka_unit_test(test_values_of_the_header_that_cannot_be_are_refused_by_member),
    };

    return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
