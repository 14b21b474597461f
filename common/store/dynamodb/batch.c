/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/batch.h"

#include "common/base/json.h"
#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/item.h"

#include <stdlib.h>

/* Upper bound of an item's JSON without its values. */
enum { ITEM_FRAME_BYTES = 128 };

static const char REQUEST_END[] = "]}}";

static size_t base64_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

static size_t json_size(const Entry *entry)
{
    return ITEM_FRAME_BYTES + base64_size(entry->partition_key.size) +
           base64_size(entry->key.size) + base64_size(entry->value.size);
}

bool dynamo_batch_has_room(const DynamoBatch *batch, const Entry *entry)
{
    return batch->items == 0 ||
           (batch->items < DYNAMO_BATCH_ITEMS &&
            batch->json.size + json_size(entry) + sizeof REQUEST_END <= DYNAMO_BATCH_BYTES);
}

static bool begin_request(DynamoBatch *batch, const char *table, Error *error)
{
    /* Neither table names nor base64 need escaping in JSON. */
    return batch->items > 0
               ? buffer_append_text(&batch->json, ",", error)
               : buffer_append_format(&batch->json, error, "{\"RequestItems\":{\"%s\":[", table);
}

static void count_request(DynamoBatch *batch, const Entry *entry)
{
    batch->items++;
    batch->units += dynamo_item_units(dynamo_item_size(entry));
}

bool dynamo_batch_put(DynamoBatch *batch, const char *table, const Entry *entry, Error *error)
{
    if (!begin_request(batch, table, error) ||
        !buffer_append_text(&batch->json, "{\"PutRequest\":{\"Item\":", error) ||
        !dynamo_item_append(&batch->json, entry, error) ||
        !buffer_append_text(&batch->json, "}}", error)) {
        return false;
    }
    count_request(batch, entry);
    return true;
}

bool dynamo_batch_delete(DynamoBatch *batch, const char *table, const Entry *entry, Error *error)
{
    if (!begin_request(batch, table, error) ||
        !buffer_append_text(&batch->json, "{\"DeleteRequest\":{\"Key\":", error) ||
        !dynamo_key_append(&batch->json, entry->partition_key, entry->key, error) ||
        !buffer_append_text(&batch->json, "}}", error)) {
        return false;
    }
    count_request(batch, entry);
    return true;
}

bool dynamo_batch_finish(DynamoBatch *batch, Slice *request, Error *error)
{
    if (!buffer_append_text(&batch->json, REQUEST_END, error)) {
        return false;
    }
    *request = buffer_slice(&batch->json);
    return true;
}

bool dynamo_batch_keep_unprocessed(DynamoBatch *batch, const char *table, const json_t *response,
                                   Error *error)
{
    json_t *unprocessed = json_object_get(response, "UnprocessedItems");
    const json_t *items = json_object_get(unprocessed, table);
    size_t count = json_array_size(items);
    char *text;
    bool done;

    if (!json_is_object(unprocessed) || (items != NULL && !json_is_array(items)) ||
        count > batch->items) {
        return dynamo_unexpected_response(error);
    }
    if (count == 0) {
        dynamo_batch_clear(batch);
        return true;
    }
    text = json_encode(json_pack("{s:O}", "RequestItems", unprocessed), error);
    batch->json.size = 0;
    done = text != NULL && buffer_append_text(&batch->json, text, error);
    free(text);
    batch->units = batch->units * count / batch->items;
    batch->items = count;
    return done;
}

void dynamo_batch_clear(DynamoBatch *batch)
{
    batch->json.size = 0;
    batch->items = 0;
    batch->units = 0;
}

void dynamo_batch_free(DynamoBatch *batch)
{
    buffer_free(&batch->json);
    *batch = (DynamoBatch){0};
}
