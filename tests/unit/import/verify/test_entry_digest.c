/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of entries: equal for messages that differ only in the order of a map's pairs, different
 * for all others.
 */
#include "tests/unit/support.h"

#include "import/verify/entry_digest.h"

#define R "r-0123456789abcdefghig"
#define PAIR_A "\x0a\x06\x0a\x01k\x12\x01v"
#define PAIR_B "\x0a\x06\x0a\x01l\x12\x01w"
#define PAIR_C "\x0a\x06\x0a\x01k\x12\x01w"
#define PAIR_D "\x0a\x06\x0a\x01l\x12\x01v"

/* A rule of branch protection, and what it blocks, in either order. */
#define RULE_A "\x0a\x09\x0a\x01p\x12\x04\x0a\x02\x00\x01"
#define RULE_B "\x0a\x09\x0a\x01q\x12\x04\x0a\x02\x00\x01"
#define RULE_C "\x0a\x09\x0a\x01q\x12\x04\x0a\x02\x01\x00"

/* A staged entry whose object has two pairs of metadata. */
#define OBJECT(pairs) "\x0a\x01k\x1a\x13\x0a\x01x" pairs
#define META_A "\x2a\x06\x0a\x01k\x12\x01v"
#define META_B "\x2a\x06\x0a\x01l\x12\x01w"

/* Conditions are a map of maps. */
#define CONDITION(pairs) "\x1a\x17\x22\x15\x0a\x01o\x12\x10" pairs
#define KEY_A "\x0a\x06\x0a\x01k\x12\x01v"
#define KEY_B "\x0a\x06\x0a\x01l\x12\x01w"

static SetDigest digest_of(const char *partition, const char *key, Slice value)
{
    SetDigest digest = {0};
    Buffer tuple = {0};
    Error error = {0};
    uint8_t *p;
    Slice rest;
    Slice whole;
    Entry entry;
    const char *problem;

    assert_done(
        entry_append(&tuple, slice_text(partition), slice_text(key), value.size, &p, &error),
        &error);
    memcpy(p, value.data, value.size);
    rest = buffer_slice(&tuple);
    assert_true(entry_next_tuple(&rest, &entry, &whole, &problem));
    entry_digest_add(&digest, &entry, whole);
    buffer_free(&tuple);
    return digest;
}

static bool values_are_equal(const char *partition, const char *key, Slice a, Slice b)
{
    Entry x = {slice_text(partition), slice_text(key), a};
    Entry y = {slice_text(partition), slice_text(key), b};
    bool equal = set_digest_equal(digest_of(partition, key, a), digest_of(partition, key, b));

    assert_int_equal(set_digest_equal(entry_value_digest(&x), entry_value_digest(&y)), equal);
    return equal;
}

static void test_pairs_have_no_order(void **state)
{
    static const char *const RULES = "settings/protected_branches";

    (void)state;
    assert_true(values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B), BYTES(PAIR_B PAIR_A)));
    assert_true(values_are_equal(R, RULES, BYTES(RULE_A RULE_B), BYTES(RULE_B RULE_A)));
    assert_true(
        values_are_equal("token", "k", BYTES(OBJECT(META_A META_B)), BYTES(OBJECT(META_B META_A))));
    assert_true(values_are_equal("auth", "policies/p", BYTES(CONDITION(KEY_A KEY_B)),
                                 BYTES(CONDITION(KEY_B KEY_A))));
}

static void test_everything_else_counts(void **state)
{
    static const char *const RULES = "settings/protected_branches";

    (void)state;
    assert_false(values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B), BYTES(PAIR_C PAIR_D)));
    assert_false(values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B), BYTES(PAIR_A)));
    assert_false(
        values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B), BYTES(PAIR_A PAIR_B PAIR_B)));
    assert_false(values_are_equal(R, RULES, BYTES(RULE_A RULE_B), BYTES(RULE_A RULE_C)));
    assert_false(
        values_are_equal("token", "k", BYTES(OBJECT(META_A META_B)), BYTES(OBJECT(META_A META_A))));
    /* The order of what is no map: sealed tokens of a branch; fields that nobody knows. */
    assert_false(values_are_equal(R, "branches/b", BYTES("\x22\x01x\x22\x01y"),
                                  BYTES("\x22\x01y\x22\x01x")));
    assert_false(values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B "\x12\x01x\x12\x01y"),
                                  BYTES(PAIR_A PAIR_B "\x12\x01y\x12\x01x")));
    /* Of values that are no messages the bytes count. */
    assert_false(values_are_equal(R, "repo-metadata", BYTES(PAIR_A PAIR_B "\x0a"),
                                  BYTES(PAIR_B PAIR_A "\x0a")));
    assert_false(values_are_equal(R, "other", BYTES(PAIR_A PAIR_B), BYTES(PAIR_B PAIR_A)));
}

static void test_the_keys_count_beside_the_message(void **state)
{
    const Slice value = BYTES(PAIR_A PAIR_B);
    SetDigest one = digest_of(R, "repo-metadata", value);

    (void)state;
    assert_false(
        set_digest_equal(one, digest_of("s-0123456789abcdefghig", "repo-metadata", value)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_have_no_order),
        cmocka_unit_test(test_everything_else_counts),
        cmocka_unit_test(test_the_keys_count_beside_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
