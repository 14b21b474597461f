/*
 * A request of BatchWriteItem: entries to be written, or keys of items to be deleted, gathered up
 * to a limit; and what of them DynamoDB did not write, to be sent again.
 *
 * Source: the DynamoDB API reference, BatchWriteItem.
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

/* Of one request: items, and bytes of its JSON.  DynamoDB takes 16 MB; but many requests are under
 * way at the same time, and with a mebibyte or more libcurl asks first whether it may send it. */
enum { DYNAMO_BATCH_ITEMS = 25, DYNAMO_BATCH_BYTES = 1000 * 1000 };

/* {0} is an empty batch; end with dynamo_batch_free. */
typedef struct DynamoBatch {
    Buffer json; /* the request, but for its end */
    size_t items;
    uint64_t units; /* write capacity units that it takes */
} DynamoBatch;

/* Whether the entry can be added to what is there; to an empty batch always.  For a deletion the
 * value is empty. */
bool dynamo_batch_has_room(const DynamoBatch *batch, const Entry *entry);

/* Adds an entry that dynamo_item_check has passed.  A batch must not have two with one key. */
bool dynamo_batch_put(DynamoBatch *batch, const char *table, const Entry *entry, Error *error);

/* Adds the deletion of an item.  Units are counted as for an item without a value. */
bool dynamo_batch_delete(DynamoBatch *batch, const char *table, const Entry *entry, Error *error);

/* Ends the request: its JSON.  Nothing can be added before dynamo_batch_clear. */
bool dynamo_batch_finish(DynamoBatch *batch, Slice *request, Error *error);

/* Takes in a response: of a finished batch only what was not written stays, finished as well.  The
 * units are in proportion. */
bool dynamo_batch_keep_unprocessed(DynamoBatch *batch, const char *table, const json_t *response,
                                   Error *error);

void dynamo_batch_clear(DynamoBatch *batch);
void dynamo_batch_free(DynamoBatch *batch);

#endif
