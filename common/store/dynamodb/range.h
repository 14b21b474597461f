/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A range of a table: the items of a partition whose keys begin alike, by Query.
 *
 * Reads are consistent: they see everything written before.  There is no snapshot.
 */
#ifndef COMMON_STORE_DYNAMODB_RANGE_H
#define COMMON_STORE_DYNAMODB_RANGE_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/store/dynamodb/client.h"
#include "common/store/ranges.h"

/* See StoreRanges. */
bool dynamo_range_read(DynamoClient *client, Slice partition, Slice prefix, EntryFunction *function,
                       void *state, Error *error);

#endif
