/*
 * Entries as items of DynamoDB: their attributes, their size, their limits, their JSON.
 *
 * Source: KV model facts, "On DynamoDB"; the DynamoDB developer guide, "Service, account, and table
 * quotas" and "Item sizes and formats".
 */
#ifndef COMMON_STORE_DYNAMODB_ITEM_H
#define COMMON_STORE_DYNAMODB_ITEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

#define DYNAMO_PARTITION_KEY "PartitionKey"
#define DYNAMO_ITEM_KEY "ItemKey"
#define DYNAMO_ITEM_VALUE "ItemValue"

/* In bytes.  Neither key may be empty; a value may. */
enum {
    DYNAMO_PARTITION_KEY_MAX = 2048,
    DYNAMO_ITEM_KEY_MAX = 1024,
    DYNAMO_ITEM_MAX = 400 * 1024,
    DYNAMO_UNIT = 1024 /* what one write capacity unit writes */
};

/* The size of the entry's item, as DynamoDB counts: names and values of its attributes. */
size_t dynamo_item_size(const Entry *entry);

/* The write capacity units that an item of this size takes. */
uint64_t dynamo_item_units(size_t size);

/* Whether DynamoDB takes it; false with EXIT_CODE_FAILED and the entry's partition and key. */
bool dynamo_item_check(const Entry *entry, Error *error);

/* Appends the item's JSON, and that of its two keys alone. */
bool dynamo_item_append(Buffer *json, const Entry *entry, Error *error);
bool dynamo_key_append(Buffer *json, Slice partition_key, Slice key, Error *error);

/* Reads an item, or its two keys alone, whatever else it has.  The bytes are in `bytes`, which is
 * emptied before.  EXIT_CODE_REFUSED for what no lakeFS writes. */
bool dynamo_item_read(const json_t *item, Buffer *bytes, Entry *entry, Error *error);
bool dynamo_item_read_keys(const json_t *item, Buffer *bytes, Slice *partition_key, Slice *key,
                           Error *error);

#endif
