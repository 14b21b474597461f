/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/entry_type.h"

#include "common/kv/model.h"

#include <string.h>

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "graveler.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"

/* The type of entries whose key starts with `prefix`. */
typedef struct KeyType {
    const char *prefix;
    const ProtobufCMessageDescriptor *message; /* NULL: text */
} KeyType;

static const KeyType AUTH[] = {
    {KV_USERS, &kv__user_data__descriptor},
    {KV_GROUPS, &kv__group_data__descriptor},
    {KV_POLICIES, &kv__policy_data__descriptor},
    {KV_GROUP_USERS, &kv__secondary_index__descriptor},
    {KV_USER_POLICIES, &kv__secondary_index__descriptor},
    {KV_GROUP_POLICIES, &kv__secondary_index__descriptor},
    {KV_USER_CREDENTIALS, &kv__credential_data__descriptor},
    {KV_EXPIRED_TOKENS, &kv__token_data__descriptor},
    {KV_INSTALLATION_METADATA, NULL},
    {KV_INSTALLATION_ID_KEY, NULL},
    {0},
};

static const KeyType MULTIPARTS[] = {{"", &kv__multipart_upload_data__descriptor}, {0}};

static const KeyType GRAVELER[] = {{KV_REPOSITORIES, &kv__repository_data__descriptor}, {0}};

static const KeyType REPOSITORY[] = {
    {KV_COMMITS, &kv__commit_data__descriptor},
    {KV_BRANCHES, &kv__branch_data__descriptor},
    {KV_TAGS, &kv__tag_data__descriptor},
    {0},
};

static const KeyType INTERNAL[] = {{KV_VERSION_KEY, NULL}, {0}};

static const struct {
    const char *partition;
    const KeyType *keys;
} PARTITIONS[] = {
    {KV_PARTITION_AUTH, AUTH},
    {KV_PARTITION_MULTIPARTS, MULTIPARTS},
    {KV_PARTITION_GRAVELER, GRAVELER},
    {KV_PARTITION_INTERNAL, INTERNAL},
};

static bool begins_with(Slice bytes, const char *text)
{
    size_t size = strlen(text);

    return bytes.size >= size && memcmp(bytes.data, text, size) == 0;
}

static KvEntryType type_of_message(const ProtobufCMessageDescriptor *message)
{
    return (KvEntryType){message->short_name, KV_VALUE_MESSAGE, message};
}

static KvEntryType find_type(const KeyType *types, Slice key)
{
    for (; types->prefix != NULL; types++) {
        if (begins_with(key, types->prefix)) {
            return types->message == NULL ? (KvEntryType){"text", KV_VALUE_TEXT, NULL}
                                          : type_of_message(types->message);
        }
    }
    return (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
}

/* Takes a field of bytes with this number off the start of a message; empty if it starts with
 * another field.  Sets *value to the rest. */
static Slice take_bytes(Slice *value, unsigned number)
{
    enum { BYTES = 2, MORE = 0x80 };
    uint64_t size = 0;
    size_t offset = 1;
    uint8_t byte = MORE;
    Slice field;

    if (value->size == 0 || value->data[0] != (number << 3 | BYTES)) {
        return (Slice){0};
    }
    for (unsigned shift = 0; offset < value->size && shift < 64 && (byte & MORE) != 0; shift += 7) {
        byte = value->data[offset++];
        size |= (uint64_t)(byte & (MORE - 1)) << shift;
    }
    field = slice_of(value->data + offset, size > value->size - offset ? 0 : (size_t)size);
    *value = slice_of(field.data + field.size, value->size - offset - field.size);
    return field;
}

/*
 * A run has its id in the key and in field 1.  A task has in field 1 the id that its run had before
 * the migration, which the key does not have, but in field 2 the end of the key.  An index entry
 * has nothing but field 1, the key of a run.  The ids of repositories and branches are arbitrary
 * and may look like a part.
 */
static KvEntryType actions_type(Slice key, Slice value)
{
    Slice rest = value;
    Slice first = take_bytes(&rest, 1);
    Slice second = take_bytes(&rest, 2);
    Slice repository_id;
    Slice run_id;

    if (begins_with(first, KV_REPOSITORIES) && first.data + first.size == value.data + value.size) {
        return begins_with(key, KV_REPOSITORIES) ? type_of_message(&kv__secondary_index__descriptor)
                                                 : (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
    }
    if (value.size > 0 && kv_task_key_parse(key, second, &repository_id, &run_id)) {
        return type_of_message(&kv__task_result_data__descriptor);
    }
    return kv_run_key_matches(key, first) ? type_of_message(&kv__run_result_data__descriptor)
                                          : (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
}

/* A staged object with an empty key has no field 1. */
static bool is_staged(Slice key, Slice value)
{
    return slice_equal(take_bytes(&value, 1), key);
}

KvEntryType kv_entry_type(Slice partition_key, Slice key, Slice value)
{
    if (slice_equal(partition_key, slice_text(KV_PARTITION_ACTIONS))) {
        return actions_type(key, value);
    }
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return find_type(PARTITIONS[i].keys, key);
        }
    }
    return is_staged(key, value) ? type_of_message(&kv__staged_entry_data__descriptor)
                                 : find_type(REPOSITORY, key);
}
