/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to DynamoDB: sizes, limits, requests, what comes back of them, and how fast they may
 * go.
 *
 * Source of the numbers: the DynamoDB developer guide, "Item sizes and formats", and the API
 * reference, BatchWriteItem.
 */
#include "tests/unit/support.h"

#include "common/base/base64.h"
#include "common/store/dynamodb/batch.h"
#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/rate_limit.h"

/* The names of the three attributes: 12 + 7 + 9 bytes. */
enum { NAMES = 28, KB = 1024 };

static uint8_t zeros[500 * KB];

static Entry entry_of(size_t partition_key, size_t key, size_t value)
{
    return (Entry){slice_of(zeros, partition_key), slice_of(zeros, key), slice_of(zeros, value)};
}

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    return json;
}

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

/* Ends the batch, whose request must be this JSON. */
static void assert_request(DynamoBatch *batch, const char *text)
{
    json_t *expected = parse(text);
    json_t *actual;
    Slice request;
    Error error = {0};

    assert_done(dynamo_batch_finish(batch, &request, &error), &error);
    actual = json_loadb((const char *)request.data, request.size, 0, NULL);
    assert_true(json_equal(actual, expected));
    json_decref(actual);
    json_decref(expected);
    dynamo_batch_free(batch);
}

static void test_request_is_that_of_the_api(void **state)
{
    Entry first = {BYTES("a"), BYTES("bc"), BYTES("")};
    Entry second = {BYTES("\0\xff"), BYTES("k"), BYTES("value")};
    DynamoBatch batch = {0};
    Error error = {0};

    (void)state;
    assert_done(dynamo_batch_put(&batch, "my.table", &first, &error), &error);
    assert_done(dynamo_batch_put(&batch, "my.table", &second, &error), &error);
    assert_int_equal(batch.units, 2);
    assert_request(&batch, "{\"RequestItems\": {\"my.table\": ["
                           "{\"PutRequest\": {\"Item\": {\"PartitionKey\": {\"B\": \"YQ==\"},"
                           " \"ItemKey\": {\"B\": \"YmM=\"}, \"ItemValue\": {\"B\": \"\"}}}},"
                           "{\"PutRequest\": {\"Item\": {\"PartitionKey\": {\"B\": \"AP8=\"},"
                           " \"ItemKey\": {\"B\": \"aw==\"},"
                           " \"ItemValue\": {\"B\": \"dmFsdWU=\"}}}}]}}");
}

/* Adds as many as there is room for. */
static void fill(DynamoBatch *batch, const Entry *entry)
{
    Error error = {0};

    while (dynamo_batch_has_room(batch, entry)) {
        assert_done(dynamo_batch_put(batch, "kvstore", entry, &error), &error);
    }
}

static void test_deletion_is_that_of_the_api(void **state)
{
    Entry entry = {BYTES("a"), BYTES("bc"), BYTES("")};
    DynamoBatch batch = {0};
    Error error = {0};

    (void)state;
    assert_done(dynamo_batch_delete(&batch, "kvstore", &entry, &error), &error);
    assert_int_equal(batch.units, 1);
    assert_request(&batch, "{\"RequestItems\": {\"kvstore\": [{\"DeleteRequest\": {\"Key\":"
                           " {\"PartitionKey\": {\"B\": \"YQ==\"},"
                           " \"ItemKey\": {\"B\": \"YmM=\"}}}}]}}");
}

static void test_batch_has_25_items(void **state)
{
    Entry small = entry_of(1, 1, 1);
    DynamoBatch batch = {0};

    (void)state;
    fill(&batch, &small);
    assert_int_equal(batch.items, 25);
    assert_int_equal(batch.units, 25);
    dynamo_batch_free(&batch);
}

static void test_batch_of_large_items_is_small(void **state)
{
    Entry largest = entry_of(2048, 1024, 400 * KB - NAMES - 2048 - 1024);
    DynamoBatch batch = {0};

    (void)state;
    fill(&batch, &largest);
    assert_in_range(batch.items, 1, 24);
    assert_int_equal(batch.units, batch.items * 400);
    /* Many are in memory at the same time; DynamoDB takes 16 MB. */
    assert_true(batch.json.size < KB * KB);
    dynamo_batch_free(&batch);
}

static void test_what_was_not_written_stays(void **state)
{
    Entry entry = entry_of(3, 3, 3000);
    json_t *none = parse("{\"UnprocessedItems\": {}}");
    json_t *one = parse("{\"UnprocessedItems\": {\"kvstore\": [{\"PutRequest\": {\"Item\": 1}}]}}");
    DynamoBatch batch = {0};
    Slice request;
    json_t *again;
    Error error = {0};

    (void)state;
    fill(&batch, &entry);
    assert_int_equal(batch.units, 75);
    assert_done(dynamo_batch_finish(&batch, &request, &error), &error);
    assert_done(dynamo_batch_keep_unprocessed(&batch, "kvstore", one, &error), &error);
    assert_int_equal(batch.items, 1);
    assert_int_equal(batch.units, 3);
    again = json_loadb((const char *)batch.json.data, batch.json.size, 0, NULL);
    assert_true(json_equal(json_object_get(again, "RequestItems"),
                           json_object_get(one, "UnprocessedItems")));
    assert_done(dynamo_batch_keep_unprocessed(&batch, "kvstore", none, &error), &error);
    assert_int_equal(batch.items, 0);
    assert_int_equal(batch.units, 0);
    json_decref(again);
    json_decref(none);
    json_decref(one);
    dynamo_batch_free(&batch);
}

static void test_answers_that_are_none_are_refused(void **state)
{
    static const char *const ANSWERS[] = {"{}", "{\"UnprocessedItems\": []}",
                                          "{\"UnprocessedItems\": {\"kvstore\": {}}}",
                                          /* more than was sent */
                                          "{\"UnprocessedItems\": {\"kvstore\": [1, 2]}}"};
    Entry entry = entry_of(1, 1, 1);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ANSWERS); i++) {
        json_t *answer = parse(ANSWERS[i]);
        DynamoBatch batch = {0};
        Error error = {0};

        assert_done(dynamo_batch_put(&batch, "kvstore", &entry, &error), &error);
        assert_refused(dynamo_batch_keep_unprocessed(&batch, "kvstore", answer, &error), &error,
                       EXIT_CODE_REFUSED);
        json_decref(answer);
        dynamo_batch_free(&batch);
    }
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

/* As Go's encoder writes empty bytes, and so lakeFS. */
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

static void test_base64_is_decoded(void **state)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: not valid */
    } CASES[] = {{"", ""},        {"Zg==", "f"},          {"Zm8=", "fo"},
                 {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},   {"Zg=", NULL},
                 {"Zg", NULL},    {"Z===", NULL},         {"Zg=g", NULL},
                 {"=g==", NULL},  {"Zm9v\n\n\n\n", NULL}, {" Zm9", NULL},
                 {"Zm9?", NULL},  {"Zg==Zg==", NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Buffer bytes = {0};
        bool valid;
        Error error = {0};

        assert_done(base64_decode(&bytes, slice_text(CASES[i].text), &valid, &error), &error);
        assert_int_equal(valid, CASES[i].bytes != NULL);
        if (valid) {
            assert_true(slice_equal(buffer_slice(&bytes), slice_text(CASES[i].bytes)));
        } else {
            assert_int_equal(bytes.size, 0);
        }
        buffer_free(&bytes);
    }
}

static void test_rate_holds_a_second_and_no_more(void **state)
{
    enum { SECOND = 1000 * 1000, START = 100 * SECOND };
    RateLimit limit;

    (void)state;
    rate_limit_init(&limit, 100);
    /* A second's units are there. */
    assert_int_equal(rate_limit_take(&limit, START, 60), 0);
    assert_int_equal(rate_limit_take(&limit, START, 40), 0);
    /* From here on each costs a hundredth of a second, and who comes later waits longer. */
    assert_int_equal(rate_limit_take(&limit, START, 10), SECOND / 10);
    assert_int_equal(rate_limit_take(&limit, START, 10), SECOND / 5);
    /* Time pays. */
    assert_int_equal(rate_limit_take(&limit, START + SECOND / 5, 10), SECOND / 10);
    /* What is not used for long is not saved. */
    assert_int_equal(rate_limit_take(&limit, START + 60 * SECOND, 100), 0);
    assert_int_equal(rate_limit_take(&limit, START + 60 * SECOND, 1), SECOND / 100);
    /* One batch may be more than a second's units. */
    assert_int_equal(rate_limit_take(&limit, START + 120 * SECOND, 1000), 9 * SECOND);
    rate_limit_destroy(&limit);
}

static void test_no_rate_is_no_limit(void **state)
{
    RateLimit limit;

    (void)state;
    rate_limit_init(&limit, 0);
    assert_int_equal(rate_limit_take(&limit, 1, UINT32_MAX), 0);
    assert_int_equal(rate_limit_take(&limit, 1, UINT32_MAX), 0);
    rate_limit_destroy(&limit);
}

static void test_options_that_cannot_be_meant_are_refused(void **state)
{
    static const DynamoOptions CASES[] = {
        {.table = "ab"},
        {.table = "a b c"},
        {.table = "kvstore\""},
        {.table = "kvstore", .endpoint = "ftp://host"},
        {.table = "kvstore", .endpoint = "http://user:word@host"},
        {.table = "kvstore", .region = "us east"},
    };
    const DynamoOptions good = {
        .table = "kv-store_1.a", .endpoint = "http://localhost:8000/", .region = "eu-west-1"};
    Error error = {0};

    (void)state;
    assert_done(dynamo_options_check(&good, &error), &error);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_refused(dynamo_options_check(&CASES[i], &error), &error, EXIT_CODE_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_is_that_of_names_and_values),
        cmocka_unit_test(test_limits_are_those_of_dynamodb),
        cmocka_unit_test(test_refusal_names_partition_and_key),
        cmocka_unit_test(test_request_is_that_of_the_api),
        cmocka_unit_test(test_deletion_is_that_of_the_api),
        cmocka_unit_test(test_batch_has_25_items),
        cmocka_unit_test(test_batch_of_large_items_is_small),
        cmocka_unit_test(test_what_was_not_written_stays),
        cmocka_unit_test(test_answers_that_are_none_are_refused),
        cmocka_unit_test(test_item_is_read_as_it_was_written),
        cmocka_unit_test(test_null_is_an_empty_value),
        cmocka_unit_test(test_keys_are_read_without_a_value),
        cmocka_unit_test(test_items_of_another_shape_are_refused),
        cmocka_unit_test(test_base64_is_decoded),
        cmocka_unit_test(test_rate_holds_a_second_and_no_more),
        cmocka_unit_test(test_no_rate_is_no_limit),
        cmocka_unit_test(test_options_that_cannot_be_meant_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
