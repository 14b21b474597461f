/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which storage namespaces are one place, and which no lakeFS could use.
 */
#include "tests/unit/support.h"

#include "common/kv/namespace_place.h"

static NamespaceRelation relation(const char *a, const char *b)
{
    Buffer first = {0};
    Buffer second = {0};
    Error error = {0};
    NamespaceRelation found;

    assert_done(namespace_place_append(&first, slice_text(a), &error), &error);
    assert_done(namespace_place_append(&second, slice_text(b), &error), &error);
    found = namespace_place_relation(buffer_slice(&first), buffer_slice(&second));
    buffer_free(&first);
    buffer_free(&second);
    return found;
}

static void test_texts_that_lead_to_one_place(void **state)
{
    static const char *const SAME[] = {"s3://b/x",      "s3://b/x/",    "s3://b/x//", "s3://b//x",
                                       "S3://b/x",      "s3://b/%78",   "s3://b/x?q", "s3://b/./x",
                                       "s3://b/y/../x", "s3://user@b/x"};
    static const char *const OTHERS[] = {"s3://b/xy", "s3://b/X", "s3://c/x", "gs://b/x",
                                         "s3://b/y/x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        assert_int_equal(relation(SAME[i], "s3://b/x"), NAMESPACE_SAME);
        assert_int_equal(relation("s3://b/x/sub", SAME[i]), NAMESPACE_INSIDE);
        assert_int_equal(relation(SAME[i], "s3://b/x/sub"), NAMESPACE_AROUND);
    }
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        assert_int_equal(relation(OTHERS[i], "s3://b/x"), NAMESPACE_APART);
    }
    assert_int_equal(relation("s3://b", "s3://b/x"), NAMESPACE_AROUND);
    assert_int_equal(relation("s3://b", "s3://bc/x"), NAMESPACE_APART);
    assert_int_equal(relation("local:///a/b", "local://a//b/"), NAMESPACE_SAME);
    assert_int_equal(relation("https://h/c/x", "https://h/c//x"), NAMESPACE_SAME);
    assert_int_equal(relation("mem://a", "mem://a/b"), NAMESPACE_AROUND);
    /* No URLs: they are what they are. */
    assert_int_equal(relation("", ""), NAMESPACE_SAME);
    assert_int_equal(relation("", "s3://b/x"), NAMESPACE_APART);
    assert_int_equal(relation("s3://b/%zz", "s3://b/%zz"), NAMESPACE_SAME);
}

static void test_namespaces_for_new_repositories(void **state)
{
    static const char *const GOOD[] = {"s3://b",       "s3://b/x/",
                                       "gs://b/x",     "local://x",
                                       "local:///x/y", "https://a.blob.core.windows.net/c",
                                       "mem://x",      "S3://b/a%20b"};
    static const char *const BAD[] = {"",
                                      "x",
                                      "s3://",
                                      "s3:///x",
                                      "ftp://x",
                                      "s3://b/\033[31m",
                                      "s3://b/\n",
                                      "local://../../etc",
                                      "local://a/../../b",
                                      "local://",
                                      "local:///.",
                                      "s3://b/../x",
                                      "s3://b/%2e%2e/x",
                                      "https://h",
                                      "s3://b/%zz",
                                      "s3://b c/x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        Error error = {0};

        assert_done(namespace_place_check(GOOD[i], &error), &error);
    }
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        Error error = {0};

        assert_refused(namespace_place_check(BAD[i], &error), &error, EXIT_CODE_USAGE);
        assert_contains(error.message, "is no storage namespace: ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_that_lead_to_one_place),
        cmocka_unit_test(test_namespaces_for_new_repositories),
    };

    return cmocka_run_group_tests_name("namespace_place", tests, NULL, NULL);
}
