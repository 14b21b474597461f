/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums by bucket: whether two sets of entries are equal, and where they are not.
 */
#include "tests/unit/support.h"

#include "common/base/bytes.h"
#include "import/diff/bucket_sums.h"

static BucketSums *new_sums(void)
{
    BucketSums *sums;
    Error error = {0};

    assert_done(bucket_sums_new(1000, &sums, &error), &error);
    return sums;
}

/* Makes an entry with its tuple and passes it to the function. */
static void pass(BucketSums *sums, void (*function)(BucketSums *, const Entry *, SetDigest),
                 const char *partition_key, const char *key, const char *value)
{
    Buffer tuple = {0};
    SetDigest digest = {0};
    Slice rest;
    Entry entry;
    Error error = {0};
    uint8_t *place;
    const char *problem;

    assert_done(entry_append(&tuple, slice_text(partition_key), slice_text(key), strlen(value),
                             &place, &error),
                &error);
    memcpy(place, value, strlen(value));
    rest = buffer_slice(&tuple);
    assert_true(entry_next(&rest, &entry, &problem));
    set_digest_add_tuple(&digest, buffer_slice(&tuple));
    function(sums, &entry, digest);
    buffer_free(&tuple);
}

static int differing;

static void count_differing(BucketSums *sums, const Entry *entry, SetDigest digest)
{
    (void)digest;
    differing += bucket_sums_differ(sums, entry) ? 1 : 0;
}

static void test_sums_do_not_depend_on_order(void **state)
{
    BucketSums *sums = new_sums();
    char key[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        pass(sums, bucket_sums_add, "p", key, "v");
        snprintf(key, sizeof key, "key %d", 999 - i);
        pass(sums, bucket_sums_subtract, "p", key, "v");
    }
    assert_true(bucket_sums_finish(sums));
    pass(sums, bucket_sums_subtract, "p", "one more", "v");
    assert_false(bucket_sums_finish(sums));
    differing = 0;
    pass(sums, count_differing, "p", "one more", "other");
    assert_int_equal(differing, 1);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        pass(sums, count_differing, "p", key, "v");
    }
    /* A few share its bucket by chance. */
    assert_true(differing < 10);
    bucket_sums_free(sums);
    bucket_sums_free(NULL);
}

static void test_sums_tell_entries_apart(void **state)
{
    static const char *const PAIRS[][2][3] = {
        {{"p", "k", "v"}, {"p", "k", "w"}},   {{"p", "k", "v"}, {"p", "l", "v"}},
        {{"p", "k", "v"}, {"q", "k", "v"}},   {{"a", "bc", "v"}, {"ab", "c", "v"}},
        {{"p", "k", "vv"}, {"p", "kv", "v"}}, {{"", "k", "v"}, {"k", "", "v"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(PAIRS); i++) {
        BucketSums *sums = new_sums();

        pass(sums, bucket_sums_add, PAIRS[i][0][0], PAIRS[i][0][1], PAIRS[i][0][2]);
        pass(sums, bucket_sums_subtract, PAIRS[i][1][0], PAIRS[i][1][1], PAIRS[i][1][2]);
        assert_false(bucket_sums_finish(sums));
        differing = 0;
        for (size_t k = 0; k < 2; k++) {
            pass(sums, count_differing, PAIRS[i][k][0], PAIRS[i][k][1], PAIRS[i][k][2]);
        }
        assert_int_equal(differing, 2);
        bucket_sums_free(sums);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_do_not_depend_on_order),
        cmocka_unit_test(test_sums_tell_entries_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
