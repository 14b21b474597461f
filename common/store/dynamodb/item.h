/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries as DynamoDB items: attributes, size, limits, JSON.
 *
 * Source: common/kv/KV-MODEL.md, "The table"; DynamoDB developer guide, "Service, account, and
 * table quotas" and "Item sizes and formats".
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

/* In bytes.  Keys must not be empty; values may be. */
enum {
    DYNAMO_PARTITION_KEY_MAX = 2048,
    DYNAMO_ITEM_KEY_MAX = 1024,
    DYNAMO_ITEM_MAX = 400 * 1024,
    DYNAMO_UNIT = 1024,         /* bytes written by one write capacity unit */
    DYNAMO_READ_UNIT = 4 * 1024 /* bytes read, consistently, by one read capacity unit */
};

/* The size of the entry's item as DynamoDB computes it: names and values of its attributes. */
size_t dynamo_item_size(const Entry *entry);

/* The write capacity units that writing an item of this size consumes. */
uint64_t dynamo_item_units(size_t size);

/* The read capacity units of consistent reads of this many bytes: half of them in eventually
 * consistent ones. */
uint64_t dynamo_read_units(uint64_t bytes);

/* Checks that DynamoDB accepts the entry; false with EXIT_CODE_FAILED, naming partition and key. */
bool dynamo_item_check(const Entry *entry, Error *error);

/* Replaces the contents of `tuple` by the entry's tuple in COPY BINARY form, and makes the entry
 * point into it. */
bool dynamo_item_tuple(Entry *entry, Buffer *tuple, Error *error);

/* Append the JSON of the item, and of its two keys alone. */
bool dynamo_item_append(Buffer *json, const Entry *entry, Error *error);
bool dynamo_key_append(Buffer *json, Slice partition_key, Slice key, Error *error);

/* Reads an item, or just its two keys, ignoring other attributes.  Replaces the contents of
 * `bytes`, which the slices point into.  EXIT_CODE_REFUSED for items that lakeFS cannot have
 * written. */
bool dynamo_item_read(const json_t *item, Buffer *bytes, Entry *entry, Error *error);
bool dynamo_item_read_keys(const json_t *item, Buffer *bytes, Slice *partition_key, Slice *key,
                           Error *error);

/* Whether the item is as dynamo_item_append writes it: its value has bytes, if none, and it has no
 * further attributes. */
bool dynamo_item_is_plain(const json_t *item);

#endif
