/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/table.h"

#include "common/base/base64.h"
#include "common/base/buffer.h"
#include "common/base/json_memory.h"
#include "common/base/text.h"
#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_ID "LoadId"
#define TABLE_CREATED "TableCreated"
#define PROVENANCE "Provenance"

/* Tables are created and deleted within seconds, large ones within minutes. */
enum { FIRST_POLL_MS = 50, LONGEST_POLL_MS = 2000, SETTLE_MS = 15 * 60 * 1000 };

/* A wait that takes longer than this is reported. */
enum { REPORT_AFTER_MS = 5000 };

void dynamo_table_info_free(DynamoTableInfo *info)
{
    free(info->load_id);
    free(info->provenance);
    *info = (DynamoTableInfo){0};
}

static bool not_ours(const DynamoClient *client, const char *what, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the DynamoDB table \"%s\" %s", dynamo_client_table(client),
              what);
    return error_hint(error, "It is left unchanged. Name another one with --dynamodb-table; or, if "
                             "nobody needs this one, delete it, then run again.");
}

/* Parameters with just the table name. */
static json_t *table_parameters(const DynamoClient *client)
{
    return json_pack("{s:s}", "TableName", dynamo_client_table(client));
}

/* Sends a request for which one kind of failure is acceptable: *response is NULL then. */
static bool call_tolerating(DynamoClient *client, const char *operation, json_t *parameters,
                            DynamoFault tolerated, json_t **response, Error *error)
{
    Error failure = {0};
    DynamoFault fault;

    if (dynamo_call_json(client, operation, parameters, response, &fault, &failure) ||
        fault == tolerated) {
        return true;
    }
    *error = failure;
    return false;
}

/* *table (owned) is NULL if there is no table. */
static bool describe_table(DynamoClient *client, json_t **table, Error *error)
{
    json_t *response;

    *table = NULL;
    if (!call_tolerating(client, "DescribeTable", table_parameters(client), DYNAMO_FAULT_NOT_FOUND,
                         &response, error)) {
        return false;
    }
    if (response == NULL) {
        return true;
    }
    *table = json_incref(json_object_get(response, "Table"));
    json_decref(response);
    return json_is_object(*table) || dynamo_unexpected_response(error);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

/* A table being created or deleted is about to change. */
static bool is_settled(const json_t *table)
{
    const char *status = text_of(table, "TableStatus");

    return table == NULL || (strcmp(status, "CREATING") != 0 && strcmp(status, "DELETING") != 0);
}

/* Waits a little longer; false, with the error set, after SETTLE_MS in total. */
static bool wait_on(DynamoClient *client, uint32_t *poll, uint32_t *waited, Error *error)
{
    if (*waited >= SETTLE_MS) {
        error_set(error, EXIT_CODE_FAILED,
                  "the DynamoDB table \"%s\" is still being created or deleted",
                  dynamo_client_table(client));
        return error_hint(error, "Run again when that is done.");
    }
    if (*waited < REPORT_AFTER_MS && *waited + *poll >= REPORT_AFTER_MS) {
        message_info("waiting for DynamoDB to create or delete table \"%s\"",
                     dynamo_client_table(client));
    }
    if (!dynamo_wait(client, *poll, error)) {
        return false;
    }
    *waited += *poll;
    *poll = *poll * 2 < LONGEST_POLL_MS ? *poll * 2 : LONGEST_POLL_MS;
    return true;
}

/* Waits until the table exists or not, as `present` says, or (NULL) until either is final.  *table
 * is owned. */
static bool wait_settled(DynamoClient *client, const bool *present, json_t **table, Error *error)
{
    uint32_t poll = FIRST_POLL_MS;
    uint32_t waited = 0;

    do {
        if (!describe_table(client, table, error)) {
            break;
        }
        if (is_settled(*table) && (present == NULL || (*table != NULL) == *present)) {
            return true;
        }
        json_decref(*table);
        *table = NULL;
    } while (wait_on(client, &poll, &waited, error));
    json_decref(*table);
    *table = NULL;
    return false;
}

static bool has_attribute(const json_t *table, const char *name)
{
    const json_t *definition;
    size_t i;

    json_array_foreach(json_object_get(table, "AttributeDefinitions"), i, definition)
    {
        if (strcmp(text_of(definition, "AttributeName"), name) == 0) {
            return strcmp(text_of(definition, "AttributeType"), "B") == 0;
        }
    }
    return false;
}

static bool has_key(const json_t *table, const char *name, const char *type)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(table, "KeySchema"), i, key)
    {
        if (strcmp(text_of(key, "AttributeName"), name) == 0) {
            return strcmp(text_of(key, "KeyType"), type) == 0 && has_attribute(table, name);
        }
    }
    return false;
}

static uint64_t count_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));

    return value > 0 ? (uint64_t)value : 0;
}

/* Checks the table's description and copies what is needed. */
static bool check_table(const DynamoClient *client, const json_t *table, DynamoTableInfo *info,
                        Error *error)
{
    const json_t *capacity = json_object_get(table, "ProvisionedThroughput");
    const char *status = text_of(table, "TableStatus");

    if (!has_key(table, DYNAMO_PARTITION_KEY, "HASH") ||
        !has_key(table, DYNAMO_ITEM_KEY, "RANGE")) {
        return not_ours(client, "has other keys than a KV table", error);
    }
    if (strcmp(status, "ACTIVE") != 0 && strcmp(status, "UPDATING") != 0) {
        error_set(error, EXIT_CODE_REFUSED, "the DynamoDB table \"%s\" cannot be used: it is %s",
                  dynamo_client_table(client), status);
        return error_hint(error, "Make it ACTIVE, then run again.");
    }
    info->disposable = !json_is_true(json_object_get(table, "DeletionProtectionEnabled"));
    info->item_count = count_of(table, "ItemCount");
    info->size = count_of(table, "TableSizeBytes");
    info->capacity = (DynamoCapacity){count_of(capacity, "ReadCapacityUnits"),
                                      count_of(capacity, "WriteCapacityUnits")};
    return true;
}

static bool copy_member(const json_t *item, const char *name, char **copy, Error *error)
{
    return text_copy(json_string_value(json_object_get(json_object_get(item, name), "S")), copy,
                     error);
}

static json_t *version_key(Error *error)
{
    Buffer text = {0};
    json_t *key = NULL;
    bool lacked;

    if (dynamo_key_append(&text, slice_text(KV_PARTITION_INTERNAL), slice_text(KV_VERSION_KEY),
                          error)) {
        key = json_parse(buffer_slice(&text), 0, NULL, &lacked);
    }
    buffer_free(&text);
    return key;
}

/* *item (owned) is NULL if there is no version. */
static bool get_version(DynamoClient *client, json_t **item, Error *error)
{
    json_t *response;
    DynamoFault fault;

    *item = NULL;
    if (!dynamo_call_json(client, "GetItem",
                          json_pack("{s:s, s:b, s:o}", "TableName", dynamo_client_table(client),
                                    "ConsistentRead", 1, "Key", version_key(error)),
                          &response, &fault, error)) {
        return false;
    }
    *item = json_incref(json_object_get(response, "Item"));
    json_decref(response);
    return true;
}

static bool read_version(const DynamoClient *client, const json_t *item, DynamoTableInfo *info,
                         Error *error)
{
    Buffer bytes = {0};
    Entry entry;
    bool known;

    if (!dynamo_item_read(item, &bytes, &entry, error)) {
        buffer_free(&bytes);
        return false;
    }
    known = kv_version_parse(entry.value, &info->version);
    buffer_free(&bytes);
    if (!known) {
        return not_ours(client, "has an invalid version", error);
    }
    info->state = info->version == KV_VERSION_STARTED ? KV_STORE_STARTED : KV_STORE_STAMPED;
    info->disposable = info->disposable &&
                       json_is_true(json_object_get(json_object_get(item, TABLE_CREATED), "BOOL"));
    return copy_member(item, LOAD_ID, &info->load_id, error) &&
           copy_member(item, PROVENANCE, &info->provenance, error);
}

static bool inspect_items(DynamoClient *client, DynamoTableInfo *info, Error *error)
{
    json_t *item;
    bool any = false;
    bool done = get_version(client, &item, error);

    if (done && item != NULL) {
        done = read_version(client, item, info, error);
    } else if (done) {
        info->state = KV_STORE_EMPTY;
        done = dynamo_scan_any(client, &any, error) &&
               (!any || not_ours(client, "has items but no version", error));
    }
    json_decref(item);
    return done;
}

bool dynamo_table_inspect(DynamoClient *client, DynamoTableInfo *info, Error *error)
{
    json_t *table;
    bool done;

    *info = (DynamoTableInfo){.state = KV_STORE_NONE};
    done = wait_settled(client, NULL, &table, error);
    if (done && table != NULL) {
        done = check_table(client, table, info, error) && inspect_items(client, info, error);
    }
    json_decref(table);
    return done;
}

static json_t *create_parameters(const DynamoClient *client, DynamoCapacity capacity)
{
    json_t *parameters = json_pack(
        "{s:s, s:[{s:s, s:s}, {s:s, s:s}], s:[{s:s, s:s}, {s:s, s:s}], s:s}", "TableName",
        dynamo_client_table(client), "AttributeDefinitions", "AttributeName", DYNAMO_PARTITION_KEY,
        "AttributeType", "B", "AttributeName", DYNAMO_ITEM_KEY, "AttributeType", "B", "KeySchema",
        "AttributeName", DYNAMO_PARTITION_KEY, "KeyType", "HASH", "AttributeName", DYNAMO_ITEM_KEY,
        "KeyType", "RANGE", "BillingMode", capacity.write > 0 ? "PROVISIONED" : "PAY_PER_REQUEST");

    if (parameters != NULL && capacity.write > 0) {
        json_object_set_new(parameters, "ProvisionedThroughput",
                            json_pack("{s:I, s:I}", "ReadCapacityUnits", (json_int_t)capacity.read,
                                      "WriteCapacityUnits", (json_int_t)capacity.write));
    }
    return parameters;
}

bool dynamo_table_create(DynamoClient *client, DynamoCapacity capacity, Error *error)
{
    const bool present = true;
    json_t *response;
    json_t *table = NULL;
    /* A retried request may find the table that the first attempt created. */
    bool done = call_tolerating(client, "CreateTable", create_parameters(client, capacity),
                                DYNAMO_FAULT_IN_USE, &response, error) &&
                wait_settled(client, &present, &table, error);

    json_decref(response);
    json_decref(table);
    return done;
}

bool dynamo_table_delete(DynamoClient *client, Error *error)
{
    const bool present = false;
    json_t *response;
    json_t *table = NULL;
    bool done = call_tolerating(client, "DeleteTable", table_parameters(client),
                                DYNAMO_FAULT_NOT_FOUND, &response, error) &&
                wait_settled(client, &present, &table, error);

    json_decref(response);
    json_decref(table);
    return done;
}

/* Encodes a number as the value of a binary attribute. */
static json_t *binary_number(uint64_t number, Error *error)
{
    char text[24];
    Buffer encoded = {0};
    json_t *value = NULL;

    snprintf(text, sizeof text, "%" PRIu64, number);
    if (base64_append(&encoded, slice_text(text), error)) {
        value = json_pack("{s:s%}", "B", encoded.data, encoded.size);
    }
    buffer_free(&encoded);
    return value;
}

/* Tells whether the version is the one that this load has written. */
static bool is_written(DynamoClient *client, const char *load_id, uint64_t version)
{
    DynamoTableInfo info = {0};
    Error ignored;
    json_t *item;
    bool written = get_version(client, &item, &ignored) && item != NULL &&
                   read_version(client, item, &info, &ignored) && info.version == version &&
                   info.load_id != NULL && strcmp(info.load_id, load_id) == 0;

    dynamo_table_info_free(&info);
    json_decref(item);
    return written;
}

static bool may_be_stamped(const DynamoClient *client, const Error *cause, Error *error)
{
    error_set(error, EXIT_CODE_CONNECTION,
              "the answer to the stamp was lost: the table \"%s\" may have been stamped",
              dynamo_client_table(client));
    error_detail(error, "%s", cause->message);
    return error_hint(error, "Run again: if it was stamped, there is nothing left to do.");
}

static bool write_version(DynamoClient *client, json_t *parameters, const char *load_id,
                          uint64_t version, Error *error)
{
    Error failure = {0};
    json_t *response;
    DynamoFault fault;
    bool done = dynamo_call_json(client, "UpdateItem", parameters, &response, &fault, &failure);

    json_decref(response);
    /* A request retried because its response was lost finds what it has already written. */
    if (done || (fault == DYNAMO_FAULT_CONDITION && is_written(client, load_id, version))) {
        return true;
    }
    if (fault == DYNAMO_FAULT_LOST && version != KV_VERSION_STARTED) {
        return may_be_stamped(client, &failure, error);
    }
    *error = failure;
    return false;
}

static bool has_version(const DynamoTableInfo *info)
{
    return info->state == KV_STORE_STARTED || info->state == KV_STORE_STAMPED;
}

/* The condition for a load to begin, and the values used in it. */
static const char *start_condition(const DynamoTableInfo *info)
{
    if (!has_version(info)) {
        return "attribute_not_exists(" DYNAMO_ITEM_KEY ")";
    }
    return info->load_id != NULL ? DYNAMO_ITEM_VALUE " = :found AND " LOAD_ID " = :found_load"
                                 : DYNAMO_ITEM_VALUE " = :found AND attribute_not_exists(" LOAD_ID
                                                     ")";
}

static json_t *start_values(const DynamoTableInfo *info, const char *load_id, bool created,
                            Error *error)
{
    json_t *values =
        json_pack("{s:o, s:{s:s}, s:{s:b}}", ":version", binary_number(KV_VERSION_STARTED, error),
                  ":load", "S", load_id, ":created", "BOOL", (int)created);

    if (values == NULL || !has_version(info)) {
        return values;
    }
    json_object_set_new(values, ":found", binary_number(info->version, error));
    if (info->load_id != NULL) {
        json_object_set_new(values, ":found_load", json_pack("{s:s}", "S", info->load_id));
    }
    return values;
}

bool dynamo_table_start(DynamoClient *client, const DynamoTableInfo *info, const char *load_id,
                        bool created, Error *error)
{
    return write_version(
        client,
        json_pack("{s:s, s:o, s:s, s:s, s:o}", "TableName", dynamo_client_table(client), "Key",
                  version_key(error), "UpdateExpression",
                  "SET " DYNAMO_ITEM_VALUE " = :version, " LOAD_ID " = :load, " TABLE_CREATED
                  " = :created REMOVE " PROVENANCE,
                  "ConditionExpression", start_condition(info), "ExpressionAttributeValues",
                  start_values(info, load_id, created, error)),
        load_id, KV_VERSION_STARTED, error);
}

bool dynamo_table_stamp(DynamoClient *client, const char *load_id, uint64_t version,
                        const char *provenance, Error *error)
{
    return write_version(
        client,
        json_pack("{s:s, s:o, s:s, s:s, s:{s:o, s:o, s:{s:s}, s:{s:s}}}", "TableName",
                  dynamo_client_table(client), "Key", version_key(error), "UpdateExpression",
                  "SET " DYNAMO_ITEM_VALUE " = :version, " PROVENANCE " = :provenance",
                  "ConditionExpression", DYNAMO_ITEM_VALUE " = :started AND " LOAD_ID " = :load",
                  "ExpressionAttributeValues", ":version", binary_number(version, error),
                  ":started", binary_number(KV_VERSION_STARTED, error), ":provenance", "S",
                  provenance, ":load", "S", load_id),
        load_id, version, error);
}
