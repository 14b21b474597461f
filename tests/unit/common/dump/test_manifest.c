/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dump's manifest as JSON: what is written is read, and nothing less.
 */
#include "tests/unit/dump_json.h"

/* A text with 64 hexadecimal digits, and one with 32. */
#define DIGITS_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGITS_32 "0123456789abcdeffedcba9876543210"

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

static void test_values_of_the_manifest_that_cannot_be_are_refused(void **state)
{
    static const char *const VALUES[][2] = {
        {"packages/1/name", "\"\""},
        {"packages/1/name", "\"users\""},
        {"packages/1/name", "\"auth\\n\""},
        {"packages/1/entries", "281474976710657"},
        {"packages/1/entries", "9223372036854775807"},
        {"packages/1/bytes", "9223372036854775807"},
        {"packages/1/chunks", "9223372036854775807"},
        {"packages/1/left_out/0/rows", "9223372036854775807"},
        {"packages/1/left_out/0/table", "\"\""},
        {"packages/1/left_out/0/reason", "\"\""},
        {"packages/1/left_out/0/reason", "\"gone\\n\""},
        {"packages/1/left_out/0/reason", "\"\\u001b[31m\""},
        {"packages/0/source_rows/0/rows", "9223372036854775807"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        assert_manifest_refused(VALUES[i][0], VALUES[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_comes_back),
        cmocka_unit_test(test_counts_have_one_order_whoever_counted_first),
        cmocka_unit_test(test_each_member_of_the_manifest_must_exist_and_have_its_type),
        cmocka_unit_test(test_digests_of_the_manifest_are_digits_of_their_length),
        cmocka_unit_test(test_entries_of_the_manifest_are_the_sum_of_the_packages),
        cmocka_unit_test(test_lists_of_the_manifest_have_limits),
        cmocka_unit_test(test_counts_add_up_per_table_and_reason),
        cmocka_unit_test(test_values_of_the_manifest_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
