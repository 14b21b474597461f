/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BatchWriteItem request: collects entries to write, or keys of items to delete, up to a limit;
 * and keeps what DynamoDB did not write, to send it again.
 *
 * Source: DynamoDB API reference, BatchWriteItem.
 */
#ifndef COMMON_STORE_DYNAMODB_BATCH_H
#define COMMON_STORE_DYNAMODB_BATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/kv/entry.h"

/* Limits of one request: items, and bytes of JSON.  DynamoDB accepts 16 MB; but many requests run
 * in parallel, and from a mebibyte on libcurl first asks the server for permission (Expect:
 * 100-continue). */
enum { DYNAMO_BATCH_ITEMS = 25, DYNAMO_BATCH_BYTES = 1000 * 1000 };

/* {0} is an empty batch; end with dynamo_batch_free. */
typedef struct DynamoBatch {
    Buffer json; /* the request without its end */
    size_t items;
    uint64_t units; /* write capacity units it consumes */
} DynamoBatch;

/* Tells whether the entry fits; an empty batch takes any entry.  For a deletion the value is
 * empty. */
bool dynamo_batch_has_room(const DynamoBatch *batch, const Entry *entry);

/* Adds an entry that dynamo_item_check has accepted.  A batch must not contain a key twice. */
bool dynamo_batch_put(DynamoBatch *batch, const char *table, const Entry *entry, Error *error);

/* Adds the deletion of an item.  Its units are counted as for an item without a value. */
bool dynamo_batch_delete(DynamoBatch *batch, const char *table, const Entry *entry, Error *error);

/* Completes the request and returns its JSON.  Nothing can be added until dynamo_batch_clear. */
bool dynamo_batch_finish(DynamoBatch *batch, Slice *request, Error *error);

/* Processes the response to a finished batch: keeps only what was not written, as a finished batch.
 * Units are reduced in proportion. */
bool dynamo_batch_keep_unprocessed(DynamoBatch *batch, const char *table, const json_t *response,
                                   Error *error);

void dynamo_batch_clear(DynamoBatch *batch);
void dynamo_batch_free(DynamoBatch *batch);

#endif
