/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage namespaces as URLs: what Go's url.ParseRequestURI makes of them, as lakeFS calls it.
 */
#include "tests/unit/support.h"

#include "common/kv/storage_namespace.h"

static void assert_parts(const char *text, const char *scheme, const char *host, const char *path)
{
    StorageNamespace space;
    Error error = {0};

    assert_done(storage_namespace_parse(text, &space, &error), &error);
    assert_string_equal(space.scheme, scheme);
    assert_string_equal(space.host, host);
    assert_string_equal(space.path, path);
    storage_namespace_free(&space);
}

static void test_parts_are_decoded(void **state)
{
    (void)state;
    assert_parts("local://host/path", "local", "host", "/path");
    assert_parts("GS://Host/Path/", "gs", "Host", "/Path/");
    assert_parts("s3a+x-1.0://b", "s3a+x-1.0", "b", "");
    assert_parts("local://", "local", "", "");
    assert_parts("local:///abs/x", "local", "", "/abs/x");
    assert_parts("gs://b/a%20b%2fc%3Dd%41%c3%A9+\xc3\xa9", "gs", "b", "/a b/c=dA\xc3\xa9+\xc3\xa9");
    assert_parts("gs://b/a b\"'`$(x);<>|\\^{}[]", "gs", "b", "/a b\"'`$(x);<>|\\^{}[]");
    assert_parts("gs://b/%25%32%30", "gs", "b", "/%20");
    assert_parts("gs://b/%0A%1b%7F", "gs", "b", "/\n\x1b\x7f");
}

static void test_query_is_dropped_and_a_fragment_is_path(void **state)
{
    (void)state;
    assert_parts("gs://b/a?b=c", "gs", "b", "/a");
    assert_parts("gs://b/a?", "gs", "b", "/a");
    assert_parts("gs://b/a?b?c/d", "gs", "b", "/a");
    assert_parts("gs://b?x/y", "gs", "b", "");
    assert_parts("gs://?", "gs", "", "");
    assert_parts("gs://b/a?%zz", "gs", "b", "/a");
    assert_parts("gs://b/a%3fb", "gs", "b", "/a?b");
    assert_parts("gs://b/a#b?c", "gs", "b", "/a#b");
    assert_parts("gs://b/#", "gs", "b", "/#");
}

static void test_host_has_a_port_and_no_user(void **state)
{
    (void)state;
    assert_parts("https://a.b:8443/c", "https", "a.b:8443", "/c");
    assert_parts("https://a.b:/c", "https", "a.b:", "/c");
    assert_parts("https://a:1:2/c", "https", "a:1:2", "/c");
    assert_parts("https://u:p%20w@a/c", "https", "a", "/c");
    assert_parts("https://u@v@a/c@d", "https", "a", "/c@d");
    assert_parts("https://[::1]:80/c", "https", "[::1]:80", "/c");
    assert_parts("s3://b%c3%a9\xc3\xa9%25/c", "s3", "b\xc3\xa9\xc3\xa9%", "/c");
    assert_parts("s3://a_b!$&'()*+,;=<>\"~-./c", "s3", "a_b!$&'()*+,;=<>\"~-.", "/c");
}

static void test_what_lakefs_cannot_read_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "x",
        "/x",
        "//x",
        "://x",
        "1s://x",
        "s_3://x",
        "s3:x",
        "s3:/x",
        "s3%3a//x",
        "s3://b/%",
        "s3://b/%4",
        "s3://b/%g0",
        "s3://b/%0g",
        "s3://b/a%",
        "s3://b/%00",
        "s3://b/a\nb",
        "s3://b/\x7f",
        "s3://b\t/x",
        " s3://b",
        "s3://a b/c",
        "s3://a%20b/c",
        "s3://%41/c",
        "s3://b%/c",
        "s3://b%g/c",
        "s3://b%8g/c",
        "s3://b#c/d",
        "s3://b\\c/d",
        "s3://b|c/d",
        "s3://b^c/d",
        "s3://{}/d",
        "s3://b`c/d",
        "s3://b:x/c",
        "s3://b:1x/c",
        "s3://[b/c",
        "s3://[b]1/c",
        "s3://[b]:x",
        "s3://a/b@c d@e%",
        "s3://u d@b/c",
        "s3://u%zz@b/c",
        "s3://\xc3\xa9@b/c",
    };
    StorageNamespace space;
    Error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_refused(storage_namespace_parse(TEXTS[i], &space, &error), &error,
                       EXIT_CODE_REFUSED);
        assert_null(space.scheme);
        assert_null(space.host);
    }
}

static void assert_key(const char *text, const char *path, const char *expected)
{
    StorageNamespace space;
    Buffer key = {0};
    Error error = {0};

    assert_done(storage_namespace_parse(text, &space, &error), &error);
    assert_done(storage_namespace_append_key(&space, path, &key, &error), &error);
    assert_slice_equal(buffer_slice(&key), slice_text(expected));
    buffer_free(&key);
    storage_namespace_free(&space);
}

static void test_key_has_no_outer_slashes(void **state)
{
    (void)state;
    assert_key("gs://b", "k", "k");
    assert_key("gs://b///", "k", "k");
    assert_key("gs://b", "/k", "k");
    assert_key("gs://b//x//", "k", "x/k");
    assert_key("gs://b/x//y/../z", "k", "x//y/../z/k");
    assert_key("gs://b/%2Fx%2F", "k", "x/k");
}

static void assert_clean(const char *path, const char *expected)
{
    Buffer clean = {0};
    Error error = {0};

    assert_done(buffer_append_text(&clean, "before", &error), &error);
    assert_done(storage_path_append_clean(path, &clean, &error), &error);
    assert_string_equal(buffer_string(&clean) + strlen("before"), expected);
    buffer_free(&clean);
}

/* Source: Go, path.Clean. */
static void test_paths_are_cleaned(void **state)
{
    static const char *const SAME[] = {"a", "a/b", "/a/b", "..", "../a", "../../a", "...", "a.."};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        assert_clean(SAME[i], SAME[i]);
    }
    assert_clean("", "");
    assert_clean(".", "");
    assert_clean("/", "");
    assert_clean("//", "");
    assert_clean("a//b/./c/", "a/b/c");
    assert_clean("a/..", "");
    assert_clean("a/../b", "b");
    assert_clean("a/../../b", "../b");
    assert_clean("../../a/..", "../..");
    assert_clean("/..", "");
    assert_clean("/a/../../b/.", "/b");
    assert_clean("/a/b/..", "/a");
}

static void test_paths_that_lead_out_are_known(void **state)
{
    (void)state;
    assert_true(storage_path_leads_out(".."));
    assert_true(storage_path_leads_out("../a"));
    assert_false(storage_path_leads_out(""));
    assert_false(storage_path_leads_out("..."));
    assert_false(storage_path_leads_out("..a/b"));
    assert_false(storage_path_leads_out("a/.."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_decoded),
        cmocka_unit_test(test_query_is_dropped_and_a_fragment_is_path),
        cmocka_unit_test(test_host_has_a_port_and_no_user),
        cmocka_unit_test(test_what_lakefs_cannot_read_is_refused),
        cmocka_unit_test(test_key_has_no_outer_slashes),
        cmocka_unit_test(test_paths_are_cleaned),
        cmocka_unit_test(test_paths_that_lead_out_are_known),
    };

    return cmocka_run_group_tests_name("storage namespaces", tests, NULL, NULL);
}
