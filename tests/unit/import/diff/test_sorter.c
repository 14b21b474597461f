/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairing the entries of two stores: in memory, and through sorted runs in a file, with the same
 * result.
 */
#include "tests/unit/support.h"

#include "import/diff/sorter.h"

#define R "r-0123456789abcdefghig"
#define PAIR_A "\x0a\x06\x0a\x01k\x12\x01v"
#define PAIR_B "\x0a\x06\x0a\x01l\x12\x01w"

/* Few entries fit into the one, all into the other. */
static const size_t MEMORIES[] = {1, 300, SORTER_MEMORY};

static Sorter *new_sorter(size_t memory)
{
    Sorter *sorter;
    Error error = {0};

    assert_done(sorter_new(memory, &sorter, &error), &error);
    return sorter;
}

static void add_value(Sorter *sorter, DiffSide side, const char *partition_key, const char *key,
                      Slice value)
{
    Entry entry = {slice_text(partition_key), slice_text(key), value};
    Error error = {0};

    assert_done(sorter_add(sorter, side, &entry, &error), &error);
}

static void add(Sorter *sorter, DiffSide side, const char *partition_key, const char *key,
                const char *value)
{
    add_value(sorter, side, partition_key, key, slice_text(value));
}

static void finish(Sorter *sorter)
{
    Error error = {0};

    assert_done(sorter_finish(sorter, &error), &error);
}

/* The next difference must be that of these keys, with these values (NULL: none). */
static void assert_next(Sorter *sorter, const char *partition_key, const char *key,
                        const char *old_value, const char *new_value)
{
    Difference difference;
    bool end;
    Error error = {0};

    assert_done(sorter_next(sorter, &difference, &end, &error), &error);
    assert_false(end);
    assert_slice_equal(difference_entry(&difference)->partition_key, slice_text(partition_key));
    assert_slice_equal(difference_entry(&difference)->key, slice_text(key));
    assert_int_equal(difference.has_old, old_value != NULL);
    assert_int_equal(difference.has_new, new_value != NULL);
    if (old_value != NULL) {
        assert_slice_equal(difference.old_entry.value, slice_text(old_value));
    }
    if (new_value != NULL) {
        assert_slice_equal(difference.new_entry.value, slice_text(new_value));
    }
}

static void assert_end(Sorter *sorter)
{
    Difference difference;
    bool end;
    Error error = {0};

    assert_done(sorter_next(sorter, &difference, &end, &error), &error);
    assert_true(end);
}

static void test_differences_are_found_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(MEMORIES); i++) {
        Sorter *sorter = new_sorter(MEMORIES[i]);

        add(sorter, DIFF_NEW, "p", "only new", "v");
        add(sorter, DIFF_OLD, "p", "same", "v");
        add(sorter, DIFF_OLD, "p", "other value", "v");
        add(sorter, DIFF_OLD, "q", "only old", "v");
        add(sorter, DIFF_OLD, "a", "bc", "v");
        add(sorter, DIFF_OLD, "", "", "");
        add(sorter, DIFF_NEW, "p", "other value", "w");
        add(sorter, DIFF_NEW, "ab", "c", "v");
        add(sorter, DIFF_NEW, "p", "same", "v");
        add(sorter, DIFF_NEW, "", "", "");
        add(sorter, DIFF_NEW, "p", "same, too", "");
        add(sorter, DIFF_OLD, "p", "same, too", "");
        finish(sorter);
        assert_next(sorter, "a", "bc", "v", NULL);
        assert_next(sorter, "ab", "c", NULL, "v");
        assert_next(sorter, "p", "only new", NULL, "v");
        assert_next(sorter, "p", "other value", "v", "w");
        assert_next(sorter, "q", "only old", "v", NULL);
        assert_end(sorter);
        sorter_free(sorter);
    }
    sorter_free(NULL);
}

static void test_parts_of_lakefs_have_an_order(void **state)
{
    static const char *const PARTITIONS[] = {"auth", "basicAuth", "graveler",   "token",
                                             R,      "actions",   "multiparts", "usage"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(MEMORIES); i++) {
        Sorter *sorter = new_sorter(MEMORIES[i]);

        for (size_t k = COUNT_OF(PARTITIONS); k > 0; k--) {
            add(sorter, DIFF_NEW, PARTITIONS[k - 1], "k", "v");
        }
        finish(sorter);
        for (size_t k = 0; k < COUNT_OF(PARTITIONS); k++) {
            assert_next(sorter, PARTITIONS[k], "k", NULL, "v");
        }
        assert_end(sorter);
        sorter_free(sorter);
    }
}

static void test_messages_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(MEMORIES); i++) {
        Sorter *sorter = new_sorter(MEMORIES[i]);

        add_value(sorter, DIFF_OLD, R, "repo-metadata", BYTES(PAIR_A PAIR_B));
        add_value(sorter, DIFF_NEW, R, "repo-metadata", BYTES(PAIR_B PAIR_A));
        finish(sorter);
        assert_end(sorter);
        sorter_free(sorter);
    }
}

/* Values of many sizes; some larger than what is read of a file at once. */
static void test_many_entries_of_any_size(void **state)
{
    enum { COUNT = 3000, LARGE = 700000 };
    static char value[LARGE + 1];
    Sorter *sorter = new_sorter(50000);
    char key[16];

    (void)state;
    memset(value, 'v', LARGE);
    for (size_t i = 0; i < COUNT; i++) {
        size_t number = i * 1009 % COUNT;
        size_t size = number % 500 == 0 ? LARGE : number % 97;

        snprintf(key, sizeof key, "%05zu", number);
        add_value(sorter, DIFF_OLD, "p", key, slice_of(value, size));
        snprintf(key, sizeof key, "%05zu", COUNT - 1 - number);
        size = (COUNT - 1 - number) % 500 == 0 ? LARGE : (COUNT - 1 - number) % 97;
        /* Each tenth is another one, and each seventh is missing. */
        value[0] = (COUNT - 1 - number) % 10 == 1 ? 'w' : 'v';
        if ((COUNT - 1 - number) % 7 != 0) {
            add_value(sorter, DIFF_NEW, "p", key, slice_of(value, size));
        }
        value[0] = 'v';
    }
    finish(sorter);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 500 == 0 ? LARGE : i % 97;
        Difference difference;
        bool end;
        Error error = {0};

        if (i % 7 != 0 && (i % 10 != 1 || size == 0)) {
            continue;
        }
        assert_done(sorter_next(sorter, &difference, &end, &error), &error);
        assert_false(end);
        snprintf(key, sizeof key, "%05zu", i);
        assert_slice_equal(difference_entry(&difference)->key, slice_text(key));
        assert_int_equal(difference.has_new, i % 7 != 0);
        assert_slice_equal(difference.old_entry.value, slice_of(value, size));
    }
    assert_end(sorter);
    sorter_free(sorter);
}

static void test_without_a_folder_for_the_file(void **state)
{
    Sorter *sorter = new_sorter(1);
    Entry entry = {BYTES("p"), BYTES("k"), BYTES("v")};
    char *folder = getenv("TMPDIR");
    Error error = {0};

    (void)state;
    folder = folder == NULL ? NULL : strdup(folder);
    setenv("TMPDIR", "/nowhere/at all", 1);
    add(sorter, DIFF_OLD, "p", "j", "v");
    assert_refused(sorter_add(sorter, DIFF_OLD, &entry, &error), &error, EXIT_CODE_USAGE);
    assert_contains(error.message, "\"/nowhere/at all\"");
    assert_contains(error.hint, "TMPDIR");
    if (folder == NULL) {
        unsetenv("TMPDIR");
    } else {
        setenv("TMPDIR", folder, 1);
    }
    free(folder);
    sorter_free(sorter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_are_found_and_in_order),
        cmocka_unit_test(test_parts_of_lakefs_have_an_order),
        cmocka_unit_test(test_messages_are_compared),
        cmocka_unit_test(test_many_entries_of_any_size),
        cmocka_unit_test(test_without_a_folder_for_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
