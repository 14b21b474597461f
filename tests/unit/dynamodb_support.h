/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of any size, and JSON, for the unit tests of DynamoDB.
 */
#ifndef TESTS_UNIT_DYNAMODB_SUPPORT_H
#define TESTS_UNIT_DYNAMODB_SUPPORT_H

#include "common/kv/entry.h"
#include "tests/unit/support.h"

#include <jansson.h>

/* The names of the three attributes: 12 + 7 + 9 bytes. */
enum { NAMES = 28, KB = 1024 };

static uint8_t zeros[500 * KB];

static inline Entry entry_of(size_t partition_key, size_t key, size_t value)
{
    return (Entry){slice_of(zeros, partition_key), slice_of(zeros, key), slice_of(zeros, value)};
}

static inline json_t *parse(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    return json;
}

#endif
