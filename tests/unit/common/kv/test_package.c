/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The package of an entry of a KV store.
 *
 * Source: KV model facts, the partitions of each package.
 */
#include "tests/unit/support.h"

#include "common/kv/package.h"

static void test_partitions_that_have_names_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(kv_package_of(BYTES("auth"), BYTES("users/a"), BYTES("")), KV_PACKAGE_AUTH);
    assert_int_equal(kv_package_of(BYTES("actions"), BYTES("repos/r/runs/x"), BYTES("")),
                     KV_PACKAGE_ACTIONS);
    assert_int_equal(kv_package_of(BYTES("multiparts"), BYTES("u"), BYTES("")),
                     KV_PACKAGE_MULTIPARTS);
    assert_int_equal(kv_package_of(BYTES("graveler"), BYTES("repos/r"), BYTES("")),
                     KV_PACKAGE_GRAVELER);
}

static void test_partition_of_a_repository(void **state)
{
    (void)state;
    /* Whatever its keys: later lakeFS versions have more of them. */
    assert_int_equal(
        kv_package_of(BYTES("repo-one-cbpmmkcq9c0000a3v1ng"), BYTES("new/thing"), BYTES("\1")),
        KV_PACKAGE_GRAVELER);
    /* No repository, no hyphen, a letter that no xid has. */
    assert_int_equal(kv_package_of(BYTES("cbpmmkcq9c0000a3v1ng"), BYTES("k"), BYTES("")),
                     KV_PACKAGE_OTHER);
    assert_int_equal(kv_package_of(BYTES("r_cbpmmkcq9c0000a3v1ng"), BYTES("k"), BYTES("")),
                     KV_PACKAGE_OTHER);
    assert_int_equal(kv_package_of(BYTES("r-cbpmmkcq9c0000a3v1nz"), BYTES("k"), BYTES("")),
                     KV_PACKAGE_OTHER);
}

static void test_staged_objects(void **state)
{
    (void)state;
    /* Field 1, of 3 bytes, is the key. */
    assert_int_equal(kv_package_of(BYTES("any token"), BYTES("a/b"), BYTES("\12\3a/b")),
                     KV_PACKAGE_GRAVELER);
    assert_int_equal(kv_package_of(BYTES("any token"), BYTES("a/c"), BYTES("\12\3a/b")),
                     KV_PACKAGE_OTHER);
    assert_int_equal(kv_package_of(BYTES(""), BYTES("k"), BYTES("")), KV_PACKAGE_OTHER);
}

/* --package takes these words; their indexes are the packages. */
static void test_words_are_the_names(void **state)
{
    Buffer words = {0};
    Error error = {0};

    (void)state;
    for (KvPackage package = 0; package < KV_PACKAGES; package++) {
        assert_done(package == 0 || buffer_append(&words, " ", 1, &error), &error);
        assert_done(buffer_append_text(&words, KV_PACKAGE_NAMES[package], &error), &error);
    }
    assert_slice_equal(buffer_slice(&words), slice_text(KV_PACKAGE_WORDS));
    buffer_free(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_that_have_names_of_their_own),
        cmocka_unit_test(test_partition_of_a_repository),
        cmocka_unit_test(test_staged_objects),
        cmocka_unit_test(test_words_are_the_names),
    };

    return cmocka_run_group_tests_name("kv_package", tests, NULL, NULL);
}
