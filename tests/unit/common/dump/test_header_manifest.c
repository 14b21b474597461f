/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dump's header and manifest as JSON: everything that is written is read back.
 */
#include "tests/unit/dump_support.h"

#include <jansson.h>

/* A text with 64 hexadecimal digits, and one with 32. */
#define DIGITS_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGITS_32 "0123456789abcdeffedcba9876543210"

/* The JSON text with a member, "object/member" or "array/number/member", set to JSON text, or
 * removed if `value` is NULL.  The caller frees it. */
static char *altered(const char *text, const char *path, const char *value)
{
    json_t *root = json_loads(text, 0, NULL);
    json_t *object = root;
    char *copy = strdup(path);
    char *name = copy;
    char *slash;
    char *result;

    assert_non_null(root);
    assert_non_null(copy);
    while ((slash = strchr(name, '/')) != NULL) {
        *slash = '\0';
        object = json_is_array(object) ? json_array_get(object, (size_t)atoi(name))
                                       : json_object_get(object, name);
        name = slash + 1;
    }
    if (value == NULL) {
        assert_int_equal(json_object_del(object, name), 0);
    } else {
        json_t *json = json_loads(value, JSON_DECODE_ANY, NULL);

        assert_non_null(json);
        assert_int_equal(json_object_set_new(object, name, json), 0);
    }
    result = json_dumps(root, JSON_COMPACT);
    assert_non_null(result);
    json_decref(root);
    free(copy);
    return result;
}

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

/* The sample's manifest with everything that a writer fills in.  End with dump_manifest_free. */
static void make_manifest(DumpManifest *manifest)
{
    Error error = {0};

    sample_manifest(manifest);
    for (size_t i = 0; i < manifest->package_count; i++) {
        manifest->packages[i].totals =
            (DumpPackageTotals){10 + i, 1000 + i, 2 + i, {UINT64_MAX - i, i}};
    }
    assert_done(dump_counts_add(&manifest->packages[0].source_rows, "auth_groups", "", 5, &error),
                &error);
    manifest->stream_size = 4711;
    manifest->file_size = INT64_MAX;
    memcpy(manifest->stream_sha256, DIGITS_64, sizeof DIGITS_64);
    memcpy(manifest->file_xxh64, "00fedcba98765432", 17);
}

static char *manifest_text(void)
{
    DumpManifest manifest;
    Error error = {0};
    char *text;

    make_manifest(&manifest);
    text = dump_manifest_encode(&manifest, &error);
    assert_non_null(text);
    dump_manifest_free(&manifest);
    return text;
}

static bool decode_manifest(const char *text, Error *error)
{
    DumpManifest manifest;
    bool done = dump_manifest_decode(slice_text(text), &manifest, error);

    dump_manifest_free(&manifest);
    return done;
}

static void assert_manifest_refused(const char *path, const char *value)
{
    char *whole = manifest_text();
    char *text = altered(whole, path, value);
    Error error = {0};

    if (decode_manifest(text, &error)) {
        fail_msg("taken with %s = %s", path, value == NULL ? "nothing" : value);
    }
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    free(text);
    free(whole);
}

static void test_manifest_comes_back(void **state)
{
    char *text = manifest_text();
    DumpManifest manifest;
    const DumpPackageSummary *packages = manifest.packages;
    Error error = {0};

    (void)state;
    assert_done(dump_manifest_decode(slice_text(text), &manifest, &error), &error);
    assert_int_equal(manifest.package_count, SAMPLE_PACKAGES);
    for (size_t i = 0; i < SAMPLE_PACKAGES; i++) {
        assert_string_equal(packages[i].name, sample_header().packages[i]);
        assert_int_equal(packages[i].totals.entries, 10 + i);
        assert_int_equal(packages[i].totals.bytes, 1000 + i);
        assert_int_equal(packages[i].totals.chunks, 2 + i);
        assert_true(
            set_digest_equal(packages[i].totals.set_digest, (SetDigest){UINT64_MAX - i, i}));
    }
    assert_int_equal(dump_manifest_entries(&manifest), 10 + 11 + 12);
    assert_int_equal(packages[0].source_rows.count, 2);
    assert_int_equal(dump_counts_total(&packages[0].source_rows), 6);
    assert_int_equal(packages[1].left_out.count, 1);
    assert_string_equal(packages[1].left_out.items[0].table, "graveler_staging_kv");
    assert_string_equal(packages[1].left_out.items[0].reason, "token on no branch");
    assert_int_equal(packages[1].left_out.items[0].rows, 7);
    assert_string_equal(packages[1].adjusted.items[0].reason, "timestamp");
    assert_int_equal(packages[2].adjusted.count, 0);
    assert_int_equal(manifest.stream_size, 4711);
    assert_string_equal(manifest.stream_sha256, DIGITS_64);
    assert_true(manifest.file_size == INT64_MAX);
    assert_string_equal(manifest.file_xxh64, "00fedcba98765432");
    dump_manifest_free(&manifest);
    free(text);
}

/* Workers finish in any order, but two exports of the same rows give the same manifest. */
static void test_counts_have_one_order_whoever_counted_first(void **state)
{
    static const char *const PAIRS[][2] = {{"b", "y"}, {"a", "z"}, {"b", "x"}, {"a", "w"}};
    char *texts[2];
    Error error = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        DumpManifest manifest = {.package_count = 1};

        manifest.packages[0].name = "auth";
        memcpy(manifest.stream_sha256, DIGITS_64, sizeof DIGITS_64);
        for (size_t j = 0; j < COUNT_OF(PAIRS); j++) {
            size_t pair = i == 0 ? j : COUNT_OF(PAIRS) - 1 - j;

            assert_done(dump_counts_add(&manifest.packages[0].left_out, PAIRS[pair][0],
                                        PAIRS[pair][1], pair + 1, &error),
                        &error);
        }
        texts[i] = dump_manifest_encode(&manifest, &error);
        assert_non_null(texts[i]);
        dump_manifest_free(&manifest);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

static void test_each_member_of_the_manifest_must_exist_and_have_its_type(void **state)
{
    static const char *const COUNTS[] = {"entries",
                                         "stream/size",
                                         "file/size",
                                         "packages/1/entries",
                                         "packages/1/bytes",
                                         "packages/1/chunks",
                                         "packages/1/left_out/0/rows"};
    static const char *const OTHERS[] = {
        "frame",
        "packages",
        "stream",
        "file",
        "file/xxh64",
        "packages/1/name",
        "packages/1/set_digest",
        "packages/1/source_rows",
        "packages/1/left_out",
        "packages/1/adjusted",
        "packages/1/left_out/0/table",
        "packages/1/left_out/0/reason",
        "packages/0/source_rows/0/table",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        assert_manifest_refused(COUNTS[i], NULL);
        assert_manifest_refused(COUNTS[i], "\"1\"");
        assert_manifest_refused(COUNTS[i], "-1");
        assert_manifest_refused(COUNTS[i], "1.5");
        assert_manifest_refused(COUNTS[i], "null");
    }
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        assert_manifest_refused(OTHERS[i], NULL);
        assert_manifest_refused(OTHERS[i], "1");
        assert_manifest_refused(OTHERS[i], "null");
    }
    assert_manifest_refused("frame", "\"header\"");
    /* This one is optional, if the header says so. */
    assert_manifest_refused("stream/sha256", "1");
    assert_manifest_refused("stream/sha256", "null");
}

static void test_digests_of_the_manifest_are_digits_of_their_length(void **state)
{
    static const char *const DIGESTS[] = {"stream/sha256", "file/xxh64", "packages/0/set_digest"};
    static const char *const VALUES[] = {
        "\"\"",
        "\"0\"",
        "\"0123456789abcde\"",
        "\"0123456789abcdef0\"",
        "\"0123456789ABCDEF\"",
        "\"0123456789abcdeg\"",
        "\"0123456789abcdeffedcba987654321\"",
        "\"0123456789ABCDEFFEDCBA9876543210\"",
        "\"-123456789abcdeffedcba9876543210\"",
        "\"" DIGITS_64 "0\"",
        "\"0123456789abcdefg\"",
        "\"" DIGITS_32 "g\"",
        "\"" DIGITS_64 "g\"",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(DIGESTS); i++) {
        for (size_t j = 0; j < COUNT_OF(VALUES); j++) {
            assert_manifest_refused(DIGESTS[i], VALUES[j]);
        }
    }
    assert_manifest_refused("stream/sha256", "\"" DIGITS_32 "\"");
    assert_manifest_refused("packages/0/set_digest", "\"" DIGITS_64 "\"");
}

static void test_entries_of_the_manifest_are_the_sum_of_the_packages(void **state)
{
    (void)state;
    assert_manifest_refused("entries", "34");
    assert_manifest_refused("packages/2/entries", "0");
}

static void test_lists_of_the_manifest_have_limits(void **state)
{
    char *whole = manifest_text();
    json_t *root = json_loads(whole, 0, NULL);
    json_t *packages = json_object_get(root, "packages");
    json_t *counts = json_array();
    char *text;

    (void)state;
    while (json_array_size(packages) <= DUMP_MAX_PACKAGES) {
        json_t *copy = json_deep_copy(json_array_get(packages, 2));

        json_object_set_new(copy, "entries", json_integer(0));
        assert_int_equal(json_array_append_new(packages, copy), 0);
    }
    text = json_dumps(packages, JSON_COMPACT);
    assert_manifest_refused("packages", text);
    free(text);
    for (int i = 0; i < 5000; i++) {
        json_array_append_new(counts,
                              json_pack("{s:o, s:i}", "table", json_sprintf("t%d", i), "rows", 1));
    }
    text = json_dumps(counts, JSON_COMPACT);
    assert_manifest_refused("packages/0/source_rows", text);
    free(text);
    json_decref(counts);
    json_decref(root);
    free(whole);
}

static void test_counts_add_up_per_table_and_reason(void **state)
{
    DumpCounts counts = {0};
    DumpCounts more = {0};
    Error error = {0};

    (void)state;
    assert_int_equal(dump_counts_total(&counts), 0);
    assert_done(dump_counts_add(&counts, "a", "x", 1, &error), &error);
    assert_done(dump_counts_add(&counts, "a", "y", 10, &error), &error);
    assert_done(dump_counts_add(&counts, "b", "x", 100, &error), &error);
    assert_done(dump_counts_add(&counts, "a", "x", 1000, &error), &error);
    assert_int_equal(counts.count, 3);
    assert_int_equal(counts.items[0].rows, 1001);
    assert_int_equal(dump_counts_total(&counts), 1111);

    assert_done(dump_counts_add(&more, "a", "y", 5, &error), &error);
    assert_done(dump_counts_add(&more, "c", "", 7, &error), &error);
    assert_done(dump_counts_merge(&counts, &more, &error), &error);
    assert_int_equal(counts.count, 4);
    assert_int_equal(counts.items[1].rows, 15);
    assert_int_equal(dump_counts_total(&counts), 1123);
    dump_counts_free(&counts);
    dump_counts_free(&counts);
    dump_counts_free(&more);
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
        cmocka_unit_test(test_manifest_comes_back),
        cmocka_unit_test(test_counts_have_one_order_whoever_counted_first),
        cmocka_unit_test(test_each_member_of_the_manifest_must_exist_and_have_its_type),
        cmocka_unit_test(test_digests_of_the_manifest_are_digits_of_their_length),
        cmocka_unit_test(test_entries_of_the_manifest_are_the_sum_of_the_packages),
        cmocka_unit_test(test_lists_of_the_manifest_have_limits),
        cmocka_unit_test(test_counts_add_up_per_table_and_reason),
    };

    return cmocka_run_group_tests_name("header and manifest", tests, NULL, NULL);
}
