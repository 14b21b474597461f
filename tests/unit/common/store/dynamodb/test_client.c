/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/store/dynamodb/client.h"

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
        cmocka_unit_test(test_options_that_cannot_be_meant_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
