/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/range.h"

#include "common/base/base64.h"
#include "common/base/interrupt.h"
#include "common/store/dynamodb/item.h"

/* The entry as item and as tuple. */
typedef struct RangeReader {
    EntryFunction *function;
    void *state;
    Buffer bytes;
    Buffer tuple;
} RangeReader;

static bool read_item(RangeReader *reader, const json_t *item, Error *error)
{
    Entry entry;

    return dynamo_item_read(item, &reader->bytes, &entry, error) &&
           dynamo_item_tuple(&entry, &reader->tuple, error) &&
           reader->function(reader->state, &entry, buffer_slice(&reader->tuple), error);
}

static bool read_items(RangeReader *reader, const json_t *items, Error *error)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(items)) {
        return dynamo_unexpected_response(error);
    }
    json_array_foreach(items, i, item)
    {
        if (!read_item(reader, item, error)) {
            return false;
        }
    }
    return true;
}

static json_t *binary(Slice bytes)
{
    Buffer text = {0};
    Error ignored;
    json_t *json = base64_append(&text, bytes, &ignored)
                       ? json_pack("{s:s%}", "B", buffer_string(&text), text.size)
                       : NULL;

    buffer_free(&text);
    return json;
}

/* DynamoDB takes no empty key, so an empty prefix is none. */
static json_t *query_parameters(const DynamoClient *client, Slice partition, Slice prefix)
{
    json_t *values = json_pack("{s:o}", ":p", binary(partition));

    if (prefix.size > 0 && values != NULL &&
        json_object_set_new(values, ":k", binary(prefix)) != 0) {
        json_decref(values);
        values = NULL;
    }
    return json_pack("{s:s, s:b, s:s, s:o}", "TableName", dynamo_client_table(client),
                     "ConsistentRead", 1, "KeyConditionExpression",
                     prefix.size > 0 ? DYNAMO_PARTITION_KEY " = :p AND begins_with(" DYNAMO_ITEM_KEY
                                                            ", :k)"
                                     : DYNAMO_PARTITION_KEY " = :p",
                     "ExpressionAttributeValues", values);
}

/* Requests one page; *start (owned) is where the next one starts, NULL after the last. */
static bool query_page(DynamoClient *client, json_t *parameters, json_t **start, json_t **response,
                       Error *error)
{
    DynamoFault fault;

    if (*start != NULL) {
        json_object_set_new(parameters, "ExclusiveStartKey", *start);
        *start = NULL;
    }
    if (!dynamo_call_json(client, "Query", parameters, response, &fault, error)) {
        return false;
    }
    *start = json_incref(json_object_get(*response, "LastEvaluatedKey"));
    return *start == NULL || json_is_object(*start) || dynamo_unexpected_response(error);
}

bool dynamo_range_read(DynamoClient *client, Slice partition, Slice prefix, EntryFunction *function,
                       void *state, Error *error)
{
    RangeReader reader = {.function = function, .state = state};
    json_t *start = NULL;
    bool done;

    do {
        json_t *response = NULL;

        done = interrupt_check(error) &&
               query_page(client, query_parameters(client, partition, prefix), &start, &response,
                          error) &&
               read_items(&reader, json_object_get(response, "Items"), error);
        json_decref(response);
    } while (done && start != NULL);
    json_decref(start);
    buffer_free(&reader.bytes);
    buffer_free(&reader.tuple);
    return done;
}
