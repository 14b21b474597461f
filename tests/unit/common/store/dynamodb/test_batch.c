/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that write, and what comes back of them.
 *
 * Source of the numbers: the DynamoDB API reference, BatchWriteItem.
 */
#include "common/store/dynamodb/batch.h"
#include "tests/unit/dynamodb_support.h"

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

/* Adds as many entries as fit. */
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
    /* Many batches are in memory at the same time; DynamoDB's limit is 16 MB. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_is_that_of_the_api),
        cmocka_unit_test(test_deletion_is_that_of_the_api),
        cmocka_unit_test(test_batch_has_25_items),
        cmocka_unit_test(test_batch_of_large_items_is_small),
        cmocka_unit_test(test_what_was_not_written_stays),
        cmocka_unit_test(test_answers_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
