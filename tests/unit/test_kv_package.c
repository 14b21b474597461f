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
    /* Whatever its keys are: later lakeFS versions have more of them. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_that_have_names_of_their_own),
        cmocka_unit_test(test_partition_of_a_repository),
        cmocka_unit_test(test_staged_objects),
    };

    return cmocka_run_group_tests_name("kv_package", tests, NULL, NULL);
}
