/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Derived ids.  Expected bytes, in Python:
 *
 *   def derived(seconds, owner, name, attempt):
 *       text = owner.encode() + b'\0' + name.encode() + (b'\0%d' % attempt if attempt else b'')
 *       return (seconds % 2**32).to_bytes(4, 'big') + hashlib.sha256(text).digest()[:8]
 *
 * with the name '%d.%09d' % (seconds, nanos) for an instance id.
 */
#include "tests/unit/support.h"

#include "export/legacy/derived_id.h"

static const char OWNER[] = "example-repo";
static const char RUN[] = "20220615143000abc";

static void assert_derived(int64_t seconds, const char *owner, const char *name, unsigned attempt,
                           const char *expected)
{
    Error error = {0};
    Xid xid;
    char text[XID_TEXT_SIZE + 1];

    assert_done(derived_id(seconds, slice_text(owner), slice_text(name), attempt, &xid, &error),
                &error);
    xid_to_text(xid, text);
    assert_string_equal(text, expected);
}

static void test_id_is_seconds_and_a_digest_of_owner_and_name(void **state)
{
    (void)state;
    assert_derived(1655303400, OWNER, RUN, 0, "cakupq28r3tdg7tnqj6g");
    assert_derived(1655303400, "", "", 0, "cakupq3e6g5ppvtjfac0");
    assert_derived(-1, "r\xc3\xa9po/\xc3\xbc", "x", 0, "vvvvvvrlhnsqcscevqa0");
}

static void test_attempts_give_other_ids_of_the_same_second(void **state)
{
    (void)state;
    assert_derived(1655303400, OWNER, RUN, 1, "cakupq5fn522g2tgssi0");
    assert_derived(1655303400, OWNER, RUN, 2, "cakupq5vostvv00u3o6g");
    assert_derived(1655303400, OWNER, RUN, 10, "cakupq2odas58rnsuppg");
}

static void test_owner_and_name_cannot_be_shifted_into_each_other(void **state)
{
    Error error = {0};
    Xid a;
    Xid b;

    (void)state;
    assert_done(derived_id(1, slice_text("ab"), slice_text("c"), 0, &a, &error), &error);
    assert_done(derived_id(1, slice_text("a"), slice_text("bc"), 0, &b, &error), &error);
    assert_memory_not_equal(a.bytes, b.bytes, XID_SIZE);
    /* Nor a number at the end of the name into the attempt. */
    assert_done(derived_id(1, slice_text("a"), slice_text("c"), 1, &a, &error), &error);
    assert_done(derived_id(1, slice_text("a"), slice_text("c1"), 0, &b, &error), &error);
    assert_memory_not_equal(a.bytes, b.bytes, XID_SIZE);
}

static void test_same_rows_give_the_same_id(void **state)
{
    Error error = {0};
    Xid a;
    Xid b;

    (void)state;
    assert_done(derived_id(7, slice_text(OWNER), slice_text(RUN), 3, &a, &error), &error);
    assert_done(derived_id(7, slice_text(OWNER), slice_text(RUN), 3, &b, &error), &error);
    assert_memory_equal(a.bytes, b.bytes, XID_SIZE);
}

static void assert_instance(const char *repository, int64_t seconds, int32_t nanos,
                            unsigned attempt, const char *expected)
{
    Error error = {0};
    Xid xid;
    char text[XID_TEXT_SIZE + 1];

    assert_done(derived_instance_id(slice_text(repository), (KvTime){seconds, nanos}, attempt, &xid,
                                    &error),
                &error);
    xid_to_text(xid, text);
    assert_string_equal(text, expected);
}

static void test_instance_id_has_the_time_of_the_creation_date(void **state)
{
    (void)state;
    assert_instance(OWNER, 1655303400, 123456000, 0, "cakupq6u853clt97p9eg");
    assert_instance(OWNER, 1655303400, 123456000, 1, "cakupq5c4d9qrn7fedk0");
    assert_instance("old", -14182940, 123456000, 0, "vsjpbp5b4ts32jrathv0");
}

static void test_instance_ids_differ_by_the_fraction_of_the_second(void **state)
{
    (void)state;
    assert_instance(OWNER, 1655303400, 0, 0, "cakupq0dj27ff6spadfg");
}

static void test_run_seconds_count_down_from_the_year_3000(void **state)
{
    (void)state;
    assert_true(derived_run_seconds(0) == INT64_C(32500915200));
    assert_true(derived_run_seconds(1655303400) == INT64_C(30845611800));
    assert_true(derived_run_seconds(INT64_C(32500915200)) == 0);
    assert_true(derived_run_seconds(-1) == INT64_C(32500915201));
}

/* This is the purpose of the countdown: a key scan lists the newest run first. */
static void test_newer_run_sorts_before_an_older_one(void **state)
{
    static const int64_t TIMES[] = {1577836800, 1577836801, 1655303400, 1686824100};
    char newer[XID_TEXT_SIZE + 1] = "zzzzzzzzzzzzzzzzzzzz";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TIMES); i++) {
        Error error = {0};
        Xid xid;
        char text[XID_TEXT_SIZE + 1];

        assert_done(derived_id(derived_run_seconds(TIMES[i]), slice_text(OWNER), slice_text(RUN), 0,
                               &xid, &error),
                    &error);
        xid_to_text(xid, text);
        assert_true(strcmp(text, newer) < 0);
        memcpy(newer, text, sizeof newer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_is_seconds_and_a_digest_of_owner_and_name),
        cmocka_unit_test(test_attempts_give_other_ids_of_the_same_second),
        cmocka_unit_test(test_owner_and_name_cannot_be_shifted_into_each_other),
        cmocka_unit_test(test_same_rows_give_the_same_id),
        cmocka_unit_test(test_instance_id_has_the_time_of_the_creation_date),
        cmocka_unit_test(test_instance_ids_differ_by_the_fraction_of_the_second),
        cmocka_unit_test(test_run_seconds_count_down_from_the_year_3000),
        cmocka_unit_test(test_newer_run_sorts_before_an_older_one),
    };

    return cmocka_run_group_tests_name("derived ids", tests, NULL, NULL);
}
