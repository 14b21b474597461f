/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/entry_type.h"

#include "common/kv/model.h"

#include <string.h>

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "catalog.pb-c.h"
#include "graveler.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"
#include "task.pb-c.h"

/* The type of entries whose key is `key`, or begins with it if that ends with "/" or is a part of
 * one. */
typedef struct KeyType {
    const char *key;
    const ProtobufCMessageDescriptor *message; /* NULL: text */
    bool exact;
} KeyType;

static const KeyType AUTH[] = {
    {KV_USERS, &kv__user_data__descriptor, false},
    {KV_GROUPS, &kv__group_data__descriptor, false},
    {KV_POLICIES, &kv__policy_data__descriptor, false},
    {KV_GROUP_USERS, &kv__secondary_index__descriptor, false},
    {KV_USER_POLICIES, &kv__secondary_index__descriptor, false},
    {KV_GROUP_POLICIES, &kv__secondary_index__descriptor, false},
    {KV_USER_CREDENTIALS, &kv__credential_data__descriptor, false},
    {KV_EXPIRED_TOKENS, &kv__token_data__descriptor, false},
    {KV_INSTALLATION_METADATA, NULL, false},
    {KV_INSTALLATION_ID_KEY, NULL, true},
    {0},
};

static const KeyType MULTIPARTS[] = {{"", &kv__multipart_upload_data__descriptor, false}, {0}};

static const KeyType GRAVELER[] = {{KV_REPOSITORIES, &kv__repository_data__descriptor, false}, {0}};

static const KeyType REPOSITORY[] = {
    {KV_COMMITS, &kv__commit_data__descriptor, false},
    {KV_BRANCHES, &kv__branch_data__descriptor, false},
    {KV_TAGS, &kv__tag_data__descriptor, false},
    {KV_BRANCH_PROTECTION_KEY, &kv__branch_protection_rules__descriptor, true},
    {KV_REPOSITORY_METADATA_KEY, &kv__repo_metadata__descriptor, true},
    {KV_PULLS, &kv__pull_request_data__descriptor, false},
    {KV_IMPORTS, &kv__import_status_data__descriptor, false},
    {KV_TASKS KV_TASK_DUMP, &kv__repository_dump_status__descriptor, false},
    {KV_TASKS KV_TASK_RESTORE, &kv__repository_restore_status__descriptor, false},
    {KV_TASKS KV_TASK_PREPARE_COMMITS, &kv__garbage_collection_prepare_status__descriptor, false},
    {KV_TASKS KV_TASK_COMMIT, &kv__commit_async_status__descriptor, false},
    {KV_TASKS KV_TASK_MERGE, &kv__merge_async_status__descriptor, false},
    {KV_TASKS, &kv__task_msg__descriptor, false},
    {KV_LINK_ADDRESSES, &kv__link_address_data__descriptor, false},
    {0},
};

static const KeyType PULLS[] = {{KV_REPOSITORIES, &kv__secondary_index__descriptor, false}, {0}};

static const KeyType CLEANUP[] = {{"", NULL, false}, {0}};

static const KeyType OWNERSHIP[] = {
    {KV_BRANCH_OWNERS, &kv__branch_ownership_data__descriptor, false}, {0}};

static const KeyType CATALOG[] = {{KV_INSTANCES, &kv__instance_data__descriptor, false}, {0}};

static const KeyType USAGE[] = {{KV_MONTHLY_USAGE, NULL, false}, {0}};

static const KeyType INTERNAL[] = {{KV_VERSION_KEY, NULL, true}, {0}};

static const struct {
    const char *partition;
    const KeyType *keys;
} PARTITIONS[] = {
    {KV_PARTITION_AUTH, AUTH},           {KV_PARTITION_BASIC_AUTH, AUTH},
    {KV_PARTITION_ACL_AUTH, AUTH},       {KV_PARTITION_MULTIPARTS, MULTIPARTS},
    {KV_PARTITION_GRAVELER, GRAVELER},   {KV_PARTITION_INTERNAL, INTERNAL},
    {KV_PARTITION_PULLS, PULLS},         {KV_PARTITION_CLEANUP, CLEANUP},
    {KV_PARTITION_OWNERSHIP, OWNERSHIP}, {KV_PARTITION_CATALOG, CATALOG},
    {KV_PARTITION_USAGE, USAGE},
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
    for (; types->key != NULL; types++) {
        if (types->exact ? slice_equal(key, slice_text(types->key))
                         : begins_with(key, types->key)) {
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
    Slice repository_id;
    Slice instance_id;

    if (slice_equal(partition_key, slice_text(KV_PARTITION_ACTIONS))) {
        return actions_type(key, value);
    }
    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return find_type(PARTITIONS[i].keys, key);
        }
    }
    if (is_staged(key, value)) {
        return type_of_message(&kv__staged_entry_data__descriptor);
    }
    return kv_partition_is_repository(partition_key, &repository_id, &instance_id)
               ? find_type(REPOSITORY, key)
               : (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
}

const ProtobufCMessageDescriptor *kv_embedded_message(const ProtobufCFieldDescriptor *field)
{
    enum { DATA = 2 };

    return field == &kv__staged_entry_data__descriptor.fields[DATA] ? &kv__catalog_entry__descriptor
                                                                    : NULL;
}
