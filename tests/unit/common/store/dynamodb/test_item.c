/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and limits of items, and what is read of them.
 *
 * Source of the numbers: the DynamoDB developer guide, "Item sizes and formats".
 */
#include "common/store/dynamodb/item.h"
#include "tests/unit/dynamodb_support.h"

static void test_size_is_that_of_names_and_values(void **state)
{
    Entry entry = {BYTES("auth"), BYTES("users/a"), BYTES("12345")};

    (void)state;
    assert_int_equal(dynamo_item_size(&entry), NAMES + 4 + 7 + 5);
    assert_int_equal(dynamo_item_units(1), 1);
    assert_int_equal(dynamo_item_units(KB), 1);
    assert_int_equal(dynamo_item_units(KB + 1), 2);
    assert_int_equal(dynamo_item_units(400 * KB), 400);
}

static void test_limits_are_those_of_dynamodb(void **state)
{
    static const struct {
        size_t partition_key, key, value;
        bool fits;
    } CASES[] = {
        {1, 1, 0, true},
        {0, 1, 1, false},
        {1, 0, 1, false},
        {2048, 1024, 1, true},
        {2049, 1, 1, false},
        {1, 1025, 1, false},
        {10, 10, 400 * KB - NAMES - 20, true},
        {10, 10, 400 * KB - NAMES - 19, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Entry entry = entry_of(CASES[i].partition_key, CASES[i].key, CASES[i].value);
        Error error = {0};

        if (CASES[i].fits) {
            assert_done(dynamo_item_check(&entry, &error), &error);
        } else {
            assert_refused(dynamo_item_check(&entry, &error), &error, EXIT_CODE_FAILED);
        }
    }
}

static void test_refusal_names_partition_and_key(void **state)
{
    Entry entry = {BYTES("repo-x"), BYTES("commits/c1"), slice_of(zeros, 400 * KB)};
    Error error;

    (void)state;
    assert_refused(dynamo_item_check(&entry, &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, "repo-x");
    assert_contains(error.message, "commits/c1");
}

static void test_item_is_read_as_it_was_written(void **state)
{
    static const Entry ENTRIES[] = {
        {{(const uint8_t *)"p\0q", 3}, {(const uint8_t *)"k", 1}, {0}},
        {{(const uint8_t *)"p", 1}, {(const uint8_t *)"ke", 2}, {(const uint8_t *)"value", 5}}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++) {
        Buffer text = {0};
        Buffer bytes = {0};
        json_t *item;
        Entry entry;
        Error error = {0};

        assert_done(dynamo_item_append(&text, &ENTRIES[i], &error), &error);
        item = json_loadb((const char *)text.data, text.size, 0, NULL);
        assert_done(dynamo_item_read(item, &bytes, &entry, &error), &error);
        assert_true(slice_equal(entry.partition_key, ENTRIES[i].partition_key));
        assert_true(slice_equal(entry.key, ENTRIES[i].key));
        assert_true(slice_equal(entry.value, ENTRIES[i].value));
        json_decref(item);
        buffer_free(&text);
        buffer_free(&bytes);
    }
}

/* Go's encoder writes empty bytes like this, and so does lakeFS. */
static void test_null_is_an_empty_value(void **state)
{
    json_t *item = parse("{\"PartitionKey\": {\"B\": \"YQ==\"}, \"ItemKey\": {\"B\": \"YmM=\"},"
                         " \"ItemValue\": {\"NULL\": true}}");
    Buffer bytes = {0};
    Entry entry;
    Error error = {0};

    (void)state;
    assert_done(dynamo_item_read(item, &bytes, &entry, &error), &error);
    assert_true(slice_equal(entry.partition_key, BYTES("a")));
    assert_true(slice_equal(entry.key, BYTES("bc")));
    assert_int_equal(entry.value.size, 0);
    json_decref(item);
    buffer_free(&bytes);
}

static void test_keys_are_read_without_a_value(void **state)
{
    json_t *item = parse("{\"PartitionKey\": {\"B\": \"YQ==\"}, \"ItemKey\": {\"B\": \"YmM=\"}}");
    Buffer bytes = {0};
    Slice partition_key;
    Slice key;
    Error error = {0};

    (void)state;
    assert_done(dynamo_item_read_keys(item, &bytes, &partition_key, &key, &error), &error);
    assert_true(slice_equal(partition_key, BYTES("a")));
    assert_true(slice_equal(key, BYTES("bc")));
    json_decref(item);
    buffer_free(&bytes);
}

static void test_items_of_another_shape_are_refused(void **state)
{
    static const char *const ITEMS[] = {
        "{}", "{\"PartitionKey\": {\"B\": \"YQ==\"}, \"ItemKey\": {\"B\": \"YQ==\"}}",
        "{\"PartitionKey\": {\"S\": \"YQ==\"}, \"ItemKey\": {\"B\": \"YQ==\"},"
        " \"ItemValue\": {\"B\": \"\"}}",
        "{\"PartitionKey\": {\"B\": \"YQ=\"}, \"ItemKey\": {\"B\": \"YQ==\"},"
        " \"ItemValue\": {\"B\": \"\"}}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ITEMS); i++) {
        json_t *item = parse(ITEMS[i]);
        Buffer bytes = {0};
        Entry entry;
        Error error;

        assert_refused(dynamo_item_read(item, &bytes, &entry, &error), &error, EXIT_CODE_REFUSED);
        json_decref(item);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_is_that_of_names_and_values),
        cmocka_unit_test(test_limits_are_those_of_dynamodb),
        cmocka_unit_test(test_refusal_names_partition_and_key),
        cmocka_unit_test(test_item_is_read_as_it_was_written),
        cmocka_unit_test(test_null_is_an_empty_value),
        cmocka_unit_test(test_keys_are_read_without_a_value),
        cmocka_unit_test(test_items_of_another_shape_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
