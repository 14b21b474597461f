/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/item.h"

#include "common/base/base64.h"
#include "common/base/printable.h"

#include <string.h>

size_t dynamo_item_size(const Entry *entry)
{
    return strlen(DYNAMO_PARTITION_KEY) + entry->partition_key.size + strlen(DYNAMO_ITEM_KEY) +
           entry->key.size + strlen(DYNAMO_ITEM_VALUE) + entry->value.size;
}

uint64_t dynamo_item_units(size_t size)
{
    return (size + DYNAMO_UNIT - 1) / DYNAMO_UNIT;
}

uint64_t dynamo_read_units(uint64_t bytes)
{
    return (bytes + DYNAMO_READ_UNIT - 1) / DYNAMO_READ_UNIT;
}

static bool does_not_fit(const Entry *entry, const char *why, Error *error)
{
    error_set(error, EXIT_CODE_FAILED,
              "partition \"%s\", key \"%s\": DynamoDB does not accept this entry: %s",
              PRINTABLE_NAME(entry->partition_key), PRINTABLE_NAME(entry->key), why);
    error_detail(error,
                 "The partition has %zu bytes (1 to %d), the key %zu (1 to %d), the item %zu (at "
                 "most %d).",
                 entry->partition_key.size, DYNAMO_PARTITION_KEY_MAX, entry->key.size,
                 DYNAMO_ITEM_KEY_MAX, dynamo_item_size(entry), DYNAMO_ITEM_MAX);
    return error_hint(error, "Nothing was stamped. Remove or rename it in lakeFS, or migrate to "
                             "PostgreSQL.");
}

bool dynamo_item_check(const Entry *entry, Error *error)
{
    if (entry->partition_key.size == 0 || entry->key.size == 0) {
        return does_not_fit(entry, "a key is empty", error);
    }
    if (entry->partition_key.size > DYNAMO_PARTITION_KEY_MAX ||
        entry->key.size > DYNAMO_ITEM_KEY_MAX) {
        return does_not_fit(entry, "a key is too long", error);
    }
    return dynamo_item_size(entry) <= DYNAMO_ITEM_MAX ||
           does_not_fit(entry, "it is too large", error);
}

static bool append_keys(Buffer *json, Slice partition_key, Slice key, Error *error)
{
    return buffer_append_text(json, "{\"" DYNAMO_PARTITION_KEY "\":{\"B\":\"", error) &&
           base64_append(json, partition_key, error) &&
           buffer_append_text(json, "\"},\"" DYNAMO_ITEM_KEY "\":{\"B\":\"", error) &&
           base64_append(json, key, error);
}

bool dynamo_key_append(Buffer *json, Slice partition_key, Slice key, Error *error)
{
    return append_keys(json, partition_key, key, error) && buffer_append_text(json, "\"}}", error);
}

bool dynamo_item_append(Buffer *json, const Entry *entry, Error *error)
{
    return append_keys(json, entry->partition_key, entry->key, error) &&
           buffer_append_text(json, "\"},\"" DYNAMO_ITEM_VALUE "\":{\"B\":\"", error) &&
           base64_append(json, entry->value, error) && buffer_append_text(json, "\"}}", error);
}

/* Decodes a binary attribute and appends its bytes; *size is their number. */
static bool read_binary(const json_t *item, const char *name, Buffer *bytes, size_t *size,
                        Error *error)
{
    const json_t *value = json_object_get(json_object_get(item, name), "B");
    size_t before = bytes->size;
    bool valid = false;

    if (json_is_string(value) &&
        !base64_decode(bytes, slice_of(json_string_value(value), json_string_length(value)), &valid,
                       error)) {
        return false;
    }
    if (!valid) {
        error_set(error, EXIT_CODE_REFUSED, "an item has no binary attribute %s", name);
        return error_hint(error, "No lakeFS writes such items. kv-import --clean replaces what is "
                                 "in the table.");
    }
    *size = bytes->size - before;
    return true;
}

/* An empty value may be NULL: lakeFS's encoder (Go's) writes empty bytes that way. */
static bool read_value(const json_t *item, Buffer *bytes, size_t *size, Error *error)
{
    const json_t *value = json_object_get(item, DYNAMO_ITEM_VALUE);

    *size = 0;
    return json_is_true(json_object_get(value, "NULL")) ||
           read_binary(item, DYNAMO_ITEM_VALUE, bytes, size, error);
}

/* Replaces the contents of `bytes`, whose memory may move. */
static bool read_keys(const json_t *item, Buffer *bytes, size_t sizes[2], Error *error)
{
    bytes->size = 0;
    return buffer_reserve(bytes, 1, error) &&
           read_binary(item, DYNAMO_PARTITION_KEY, bytes, &sizes[0], error) &&
           read_binary(item, DYNAMO_ITEM_KEY, bytes, &sizes[1], error);
}

bool dynamo_item_read_keys(const json_t *item, Buffer *bytes, Slice *partition_key, Slice *key,
                           Error *error)
{
    size_t sizes[2];

    if (!read_keys(item, bytes, sizes, error)) {
        return false;
    }
    *partition_key = slice_of(bytes->data, sizes[0]);
    *key = slice_of(bytes->data + sizes[0], sizes[1]);
    return true;
}

bool dynamo_item_is_plain(const json_t *item)
{
    const json_t *value = json_object_get(item, DYNAMO_ITEM_VALUE);

    return json_object_size(item) == 3 && json_is_string(json_object_get(value, "B"));
}

bool dynamo_item_tuple(Entry *entry, Buffer *tuple, Error *error)
{
    const char *problem; /* cannot happen: the tuple was just written */
    uint8_t *value;
    Slice rest;

    tuple->size = 0;
    if (!entry_append(tuple, entry->partition_key, entry->key, entry->value.size, &value, error)) {
        return false;
    }
    if (entry->value.size > 0) {
        memcpy(value, entry->value.data, entry->value.size);
    }
    rest = buffer_slice(tuple);
    return entry_next(&rest, entry, &problem);
}

bool dynamo_item_read(const json_t *item, Buffer *bytes, Entry *entry, Error *error)
{
    size_t sizes[3];

    if (!read_keys(item, bytes, sizes, error) || !read_value(item, bytes, &sizes[2], error)) {
        return false;
    }
    *entry = (Entry){slice_of(bytes->data, sizes[0]), slice_of(bytes->data + sizes[0], sizes[1]),
                     slice_of(bytes->data + sizes[0] + sizes[1], sizes[2])};
    return true;
}
