/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing two sets of entries: sums by bucket show whether they differ, differences show how.
 */
#include "tests/unit/support.h"

#include "common/base/bytes.h"
#include "import/verify/differences.h"
#include "import/verify/entry_sums.h"

/* An entry with its tuple, which the caller frees. */
static Entry make_entry(Buffer *tuple, const char *partition_key, const char *key,
                        const char *value)
{
    Slice rest;
    Entry entry;
    Error error = {0};
    uint8_t *place;
    const char *problem;

    tuple->size = 0;
    assert_done(entry_append(tuple, slice_text(partition_key), slice_text(key), strlen(value),
                             &place, &error),
                &error);
    memcpy(place, value, strlen(value));
    rest = buffer_slice(tuple);
    assert_true(entry_next(&rest, &entry, &problem));
    return entry;
}

static void add(EntrySums *sums, const char *partition_key, const char *key, const char *value)
{
    Buffer tuple = {0};
    Entry entry = make_entry(&tuple, partition_key, key, value);

    entry_sums_add(sums, &entry, buffer_slice(&tuple));
    buffer_free(&tuple);
}

static size_t count_unequal(const EntrySums *a, const EntrySums *b)
{
    size_t count = 0;

    for (size_t i = 0; i < ENTRY_BUCKETS; i++) {
        count += entry_sums_equal(a, b, i) ? 0 : 1;
    }
    return count;
}

static void test_sums_do_not_depend_on_order_or_on_who_added(void **state)
{
    Error error = {0};
    EntrySums *whole = entry_sums_new(&error);
    EntrySums *first = entry_sums_new(&error);
    EntrySums *second = entry_sums_new(&error);
    char key[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        add(whole, "p", key, "v");
        snprintf(key, sizeof key, "key %d", 999 - i);
        add(i % 3 == 0 ? first : second, "p", key, "v");
    }
    entry_sums_merge(first, second);
    assert_int_equal(entry_sums_entries(first), 1000);
    assert_int_equal(count_unequal(whole, first), 0);
    add(first, "p", "one more", "v");
    assert_int_equal(count_unequal(whole, first), 1);
    free(whole);
    free(first);
    free(second);
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
        Error error = {0};
        EntrySums *a = entry_sums_new(&error);
        EntrySums *b = entry_sums_new(&error);

        add(a, PAIRS[i][0][0], PAIRS[i][0][1], PAIRS[i][0][2]);
        add(b, PAIRS[i][1][0], PAIRS[i][1][1], PAIRS[i][1][2]);
        assert_true(count_unequal(a, b) > 0);
        free(a);
        free(b);
    }
}

static void assert_difference(const Difference *difference, DifferenceKind kind,
                              const char *partition_key, const char *key)
{
    assert_int_equal(difference->kind, kind);
    assert_slice_equal(difference->partition_key, slice_text(partition_key));
    assert_slice_equal(difference->key, slice_text(key));
}

static void hold(Differences *differences, bool first, const char *partition_key, const char *key,
                 const char *value)
{
    Buffer tuple = {0};
    Entry entry = make_entry(&tuple, partition_key, key, value);
    Error error = {0};

    assert_done(first ? differences_add(differences, &entry, &error)
                      : differences_compare(differences, &entry, &error),
                &error);
    buffer_free(&tuple);
}

static void test_differences_are_found_and_in_order(void **state)
{
    Differences *differences;
    const Difference *list;
    uint64_t counts[DIFFERENCE_KINDS];
    size_t size;
    Error error = {0};

    (void)state;
    assert_done(differences_new(&differences, &error), &error);
    hold(differences, true, "p", "same", "v");
    hold(differences, true, "p", "other value", "v");
    hold(differences, true, "q", "only first", "v");
    hold(differences, true, "a", "bc", "v");
    hold(differences, true, "", "", "");
    hold(differences, false, "p", "only second", "v");
    hold(differences, false, "p", "other value", "w");
    hold(differences, false, "ab", "c", "v");
    hold(differences, false, "p", "same", "v");
    hold(differences, false, "", "", "");
    assert_done(differences_finish(differences, counts, &list, &size, &error), &error);
    assert_int_equal(size, 5);
    assert_difference(&list[0], DIFFERENCE_MISSING, "a", "bc");
    assert_difference(&list[1], DIFFERENCE_EXTRA, "ab", "c");
    assert_difference(&list[2], DIFFERENCE_EXTRA, "p", "only second");
    assert_difference(&list[3], DIFFERENCE_VALUE, "p", "other value");
    assert_difference(&list[4], DIFFERENCE_MISSING, "q", "only first");
    assert_int_equal(counts[DIFFERENCE_MISSING], 2);
    assert_int_equal(counts[DIFFERENCE_EXTRA], 2);
    assert_int_equal(counts[DIFFERENCE_VALUE], 1);
    differences_free(differences);
    differences_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_do_not_depend_on_order_or_on_who_added),
        cmocka_unit_test(test_sums_tell_entries_apart),
        cmocka_unit_test(test_differences_are_found_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
