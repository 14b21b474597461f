/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a dump's entries: every entry is found again, and told from others.
 */
#include "tests/unit/support.h"

#include "common/store/dynamodb/entry_index.h"

#include <pthread.h>

enum { MANY = 5000, THREADS = 4 };

/* An entry in its tuple. */
typedef struct Sample {
    Buffer tuple;
    Entry entry;
} Sample;

static Sample sample_of(const char *partition_key, const char *key, const char *text)
{
    Sample sample = {0};
    Error error = {0};
    const char *problem;
    uint8_t *value;
    Slice rest;

    assert_true(entry_append(&sample.tuple, slice_text(partition_key), slice_text(key),
                             strlen(text), &value, &error));
    memcpy(value, text, strlen(text));
    rest = buffer_slice(&sample.tuple);
    assert_true(entry_next(&rest, &sample.entry, &problem));
    return sample;
}

static void add(EntryIndex *index, const char *partition_key, const char *key, const char *value,
                uint16_t units)
{
    Sample sample = sample_of(partition_key, key, value);
    Error error = {0};

    assert_true(entry_index_add(index, &sample.entry, buffer_slice(&sample.tuple), units, &error));
    buffer_free(&sample.tuple);
}

static EntryMatch compare(EntryIndex *index, const char *partition_key, const char *key,
                          const char *value, uint16_t *units)
{
    Sample sample = sample_of(partition_key, key, value);
    Error error = {0};
    EntryMatch match;

    assert_true(entry_index_compare(index, &sample.entry, buffer_slice(&sample.tuple), true, &match,
                                    units, &error));
    buffer_free(&sample.tuple);
    return match;
}

static bool is_equal(EntryIndex *index, const char *partition_key, const char *key)
{
    Sample sample = sample_of(partition_key, key, "whatever");
    Error error = {0};
    bool equal;

    assert_true(entry_index_is_equal(index, &sample.entry, &equal, &error));
    buffer_free(&sample.tuple);
    return equal;
}

static void tells_entries_apart(void **state)
{
    EntryIndex *index;
    Error error = {0};
    uint16_t units = 0;

    (void)state;
    assert_true(entry_index_new(3, &index, &error));
    add(index, "a", "bc", "value", 7);
    add(index, "ab", "c", "value", 8);
    add(index, "", "", "", 1);
    assert_int_equal(compare(index, "a", "bc", "value", &units), ENTRY_EQUAL);
    assert_int_equal(units, 7);
    assert_int_equal(compare(index, "ab", "c", "other", &units), ENTRY_DIFFERENT);
    assert_int_equal(units, 8);
    assert_int_equal(compare(index, "abc", "", "value", &units), ENTRY_UNKNOWN);
    assert_true(is_equal(index, "a", "bc"));
    assert_false(is_equal(index, "ab", "c"));
    assert_false(is_equal(index, "", ""));
    entry_index_free(index);
}

static void takes_no_item_for_equal_that_must_not_be(void **state)
{
    Sample sample = sample_of("a", "b", "value");
    EntryIndex *index;
    Error error = {0};
    EntryMatch match;
    uint16_t units;

    (void)state;
    assert_true(entry_index_new(1, &index, &error));
    add(index, "a", "b", "value", 1);
    assert_true(entry_index_compare(index, &sample.entry, buffer_slice(&sample.tuple), false,
                                    &match, &units, &error));
    assert_int_equal(match, ENTRY_DIFFERENT);
    assert_false(is_equal(index, "a", "b"));
    buffer_free(&sample.tuple);
    entry_index_free(index);
}

static void refuses_the_same_keys_twice(void **state)
{
    Sample sample = sample_of("a", "b", "other");
    EntryIndex *index;
    Error error = {0};

    (void)state;
    assert_true(entry_index_new(2, &index, &error));
    add(index, "a", "b", "value", 1);
    assert_false(entry_index_add(index, &sample.entry, buffer_slice(&sample.tuple), 1, &error));
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    buffer_free(&sample.tuple);
    entry_index_free(index);
}

/* An index that was made for one entry has room for no more than a page. */
static void refuses_more_than_it_has_room_for(void **state)
{
    EntryIndex *index;
    Error error = {0};
    bool done = true;

    (void)state;
    assert_true(entry_index_new(1, &index, &error));
    for (int i = 0; done && i < 1000; i++) {
        char key[16];
        Sample sample;

        snprintf(key, sizeof key, "%d", i);
        sample = sample_of("p", key, "");
        done = entry_index_add(index, &sample.entry, buffer_slice(&sample.tuple), 1, &error);
        buffer_free(&sample.tuple);
    }
    assert_false(done);
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    entry_index_free(index);
}

typedef struct Part {
    EntryIndex *index;
    int first;
} Part;

static void *add_part(void *argument)
{
    const Part *part = argument;

    for (int i = part->first; i < MANY; i += THREADS) {
        char key[16];

        snprintf(key, sizeof key, "%d", i);
        add(part->index, "p", key, "v", 1);
    }
    return NULL;
}

/* Pages overflow: the index was made for fewer. */
static void finds_what_several_threads_have_added(void **state)
{
    pthread_t threads[THREADS];
    Part parts[THREADS];
    EntryIndex *index;
    Error error = {0};
    uint16_t units;

    (void)state;
    assert_true(entry_index_new(MANY * 3 / 4, &index, &error));
    for (int i = 0; i < THREADS; i++) {
        parts[i] = (Part){index, i};
        assert_int_equal(pthread_create(&threads[i], NULL, add_part, &parts[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < MANY; i++) {
        char key[16];

        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(compare(index, "p", key, i % 2 == 0 ? "v" : "w", &units),
                         i % 2 == 0 ? ENTRY_EQUAL : ENTRY_DIFFERENT);
        assert_int_equal(is_equal(index, "p", key), i % 2 == 0);
    }
    entry_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_entries_apart),
        cmocka_unit_test(takes_no_item_for_equal_that_must_not_be),
        cmocka_unit_test(refuses_the_same_keys_twice),
        cmocka_unit_test(refuses_more_than_it_has_room_for),
        cmocka_unit_test(finds_what_several_threads_have_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
