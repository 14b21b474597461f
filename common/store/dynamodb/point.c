/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/point.h"

#include "common/base/base64.h"
#include "common/store/dynamodb/item.h"

#include <stdlib.h>
#include <string.h>

/* The name of the table as a member, with what may follow. */
static bool append_table(const DynamoClient *client, Buffer *json, Error *error)
{
    json_t *name = json_string(dynamo_client_table(client));
    char *text = json_dumps(name, JSON_ENCODE_ANY);
    bool done = text == NULL ? error_out_of_memory(error)
                             : buffer_append_format(json, error, "{\"TableName\":%s,", text);

    free(text);
    json_decref(name);
    return done;
}

static bool append_binary(Buffer *json, const char *name, Slice bytes, Error *error)
{
    return buffer_append_format(json, error, "\"%s\":{\"B\":\"", name) &&
           base64_append(json, bytes, error) && buffer_append_text(json, "\"}", error);
}

bool dynamo_point_get(DynamoClient *client, Slice partition_key, Slice key, Buffer *value,
                      bool *found, Error *error)
{
    Buffer json = {0};
    Buffer bytes = {0};
    json_t *response = NULL;
    const json_t *item;
    DynamoFault fault;
    Entry entry;
    bool done = append_table(client, &json, error) &&
                buffer_append_text(&json, "\"ConsistentRead\":true,\"Key\":", error) &&
                dynamo_key_append(&json, partition_key, key, error) &&
                buffer_append_text(&json, "}", error) &&
                dynamo_call(client, "GetItem", buffer_slice(&json), &response, &fault, error);

    value->size = 0;
    item = json_object_get(response, "Item");
    *found = done && json_is_object(item);
    if (*found) {
        done = dynamo_item_read(item, &bytes, &entry, error) &&
               buffer_append(value, entry.value.data, entry.value.size, error);
    }
    buffer_wipe(&bytes);
    buffer_free(&json);
    json_decref(response);
    return done;
}

static bool add_rests(const json_t *items, size_t prefix_size, Words *rests, Error *error)
{
    Buffer bytes = {0};
    Buffer rest = {0};
    bool done = json_is_array(items) || dynamo_unexpected_response(error);

    for (size_t i = 0; done && i < json_array_size(items); i++) {
        Slice partition_key;
        Slice key;

        done = dynamo_item_read_keys(json_array_get(items, i), &bytes, &partition_key, &key, error);
        if (done && key.size > prefix_size && memchr(key.data, '\0', key.size) == NULL) {
            rest.size = 0;
            done = buffer_append(&rest, key.data + prefix_size, key.size - prefix_size, error) &&
                   words_add(rests, buffer_string(&rest), error);
        }
    }
    buffer_free(&bytes);
    buffer_free(&rest);
    return done;
}

static bool append_query(const DynamoClient *client, Slice partition_key, const char *prefix,
                         const json_t *start, Buffer *json, Error *error)
{
    char *from = start == NULL ? NULL : json_dumps(start, 0);
    bool done =
        (start == NULL || from != NULL || error_out_of_memory(error)) &&
        append_table(client, json, error) &&
        buffer_append_text(json,
                           "\"ConsistentRead\":true,\"KeyConditionExpression\":"
                           "\"" DYNAMO_PARTITION_KEY " = :partition",
                           error) &&
        (prefix[0] == '\0' ||
         buffer_append_text(json, " AND begins_with(" DYNAMO_ITEM_KEY ", :prefix)", error)) &&
        buffer_append_text(json,
                           "\",\"ProjectionExpression\":"
                           "\"" DYNAMO_PARTITION_KEY ", " DYNAMO_ITEM_KEY "\",",
                           error) &&
        (from == NULL || buffer_append_format(json, error, "\"ExclusiveStartKey\":%s,", from)) &&
        buffer_append_text(json, "\"ExpressionAttributeValues\":{", error) &&
        append_binary(json, ":partition", partition_key, error) &&
        (prefix[0] == '\0' || (buffer_append_text(json, ",", error) &&
                               append_binary(json, ":prefix", slice_text(prefix), error))) &&
        buffer_append_text(json, "}}", error);

    free(from);
    return done;
}

bool dynamo_point_list(DynamoClient *client, Slice partition_key, const char *prefix, Words *rests,
                       Error *error)
{
    json_t *start = NULL;
    bool done;

    do {
        Buffer json = {0};
        json_t *response = NULL;
        DynamoFault fault;

        done = append_query(client, partition_key, prefix, start, &json, error) &&
               dynamo_call(client, "Query", buffer_slice(&json), &response, &fault, error) &&
               add_rests(json_object_get(response, "Items"), strlen(prefix), rests, error);
        json_decref(start);
        start = done ? json_incref(json_object_get(response, "LastEvaluatedKey")) : NULL;
        json_decref(response);
        buffer_free(&json);
    } while (done && start != NULL);
    json_decref(start);
    return done;
}

/* Writes or deletes an entry on a condition on its value; *held: the condition was true. */
static bool change(DynamoClient *client, const char *operation, const Entry *entry,
                   const char *condition, bool *held, Error *error)
{
    bool is_put = strcmp(operation, "PutItem") == 0;
    Buffer json = {0};
    json_t *response = NULL;
    DynamoFault fault = DYNAMO_FAULT_NONE;
    bool done = append_table(client, &json, error) &&
                buffer_append_text(&json, is_put ? "\"Item\":" : "\"Key\":", error) &&
                (is_put ? dynamo_item_append(&json, entry, error)
                        : dynamo_key_append(&json, entry->partition_key, entry->key, error)) &&
                buffer_append_format(&json, error,
                                     ",\"ConditionExpression\":\"%s\","
                                     "\"ExpressionAttributeValues\":{",
                                     condition) &&
                append_binary(&json, ":value", entry->value, error) &&
                buffer_append_text(&json, "}}", error);

    *held = done && dynamo_call(client, operation, buffer_slice(&json), &response, &fault, error);
    buffer_wipe(&json);
    json_decref(response);
    return *held || fault == DYNAMO_FAULT_CONDITION;
}

bool dynamo_point_add(DynamoClient *client, const Entry *entry, bool *written, Error *error)
{
    /* The second half is for a repeated request whose first answer was lost. */
    return change(client, "PutItem", entry,
                  "attribute_not_exists(" DYNAMO_ITEM_VALUE ") OR " DYNAMO_ITEM_VALUE " = :value",
                  written, error);
}

bool dynamo_point_remove(DynamoClient *client, const Entry *entry, Error *error)
{
    bool held;

    return change(client, "DeleteItem", entry, DYNAMO_ITEM_VALUE " = :value", &held, error);
}
