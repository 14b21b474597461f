/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single entries of a KV table in DynamoDB.
 *
 * Source: DynamoDB API reference, GetItem, Query, PutItem, DeleteItem.
 */
#ifndef COMMON_STORE_DYNAMODB_POINT_H
#define COMMON_STORE_DYNAMODB_POINT_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/base/words.h"
#include "common/kv/entry.h"
#include "common/store/dynamodb/client.h"

/* Replaces the contents of `value`; *found is false, and the value empty, if there is no entry. */
bool dynamo_point_get(DynamoClient *client, Slice partition_key, Slice key, Buffer *value,
                      bool *found, Error *error);

/* Adds what follows a prefix in the keys of a partition that begin with it, in their order; of
 * all if it is empty.  Keys with NUL bytes are left out. */
bool dynamo_point_list(DynamoClient *client, Slice partition_key, const char *prefix, Words *rests,
                       Error *error);

/* Writes an entry unless there is one of its key with another value; *written is then false. */
bool dynamo_point_add(DynamoClient *client, const Entry *entry, bool *written, Error *error);

/* Deletes an entry if it has this value. */
bool dynamo_point_remove(DynamoClient *client, const Entry *entry, Error *error);

#endif
