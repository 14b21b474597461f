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

/* Returns the bytes of field 1 at the start of a message; empty if it starts with another field. */
static Slice first_field(Slice value)
{
    enum { FIELD_1_BYTES = 1 << 3 | 2, MORE = 0x80 };
    uint64_t size = 0;
    size_t offset = 1;
    uint8_t byte = MORE;

    if (value.size == 0 || value.data[0] != FIELD_1_BYTES) {
        return (Slice){0};
    }
    for (unsigned shift = 0; offset < value.size && shift < 64 && (byte & MORE) != 0; shift += 7) {
        byte = value.data[offset++];
        size |= (uint64_t)(byte & (MORE - 1)) << shift;
    }
    return slice_of(value.data + offset, size > value.size - offset ? 0 : (size_t)size);
}

/* Tells whether the key contains the part directly followed by the id, which ends the key or, with
 * `more`, is followed by "/" and more. */
static bool contains_part(Slice key, const char *part, Slice id, bool more)
{
    size_t size = strlen(part) + id.size;

    for (size_t i = 0; i + size <= key.size; i++) {
        Slice rest = slice_of(key.data + i, key.size - i);

        if (begins_with(rest, part) &&
            slice_equal(slice_of(rest.data + strlen(part), id.size), id) &&
            (more ? rest.size > size && rest.data[size] == '/' : rest.size == size)) {
            return true;
        }
    }
    return false;
}

/* Runs and their tasks have the run id in the key and in field 1; index entries have the key of a
 * run in field 1.  The ids of repositories and branches are arbitrary and may look like a part. */
static KvEntryType actions_type(Slice key, Slice value)
{
    Slice first = first_field(value);

    if (!begins_with(key, KV_REPOSITORIES) || first.size == 0) {
        return (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
    }
    if (begins_with(first, KV_REPOSITORIES)) {
        return type_of_message(&kv__secondary_index__descriptor);
    }
    if (contains_part(key, KV_IN_RUNS, first, false)) {
        return type_of_message(&kv__run_result_data__descriptor);
    }
    return contains_part(key, KV_IN_TASKS, first, true)
               ? type_of_message(&kv__task_result_data__descriptor)
               : (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
}

/* A staged object with an empty key has no field 1. */
static bool is_staged(Slice key, Slice value)
{
    return slice_equal(first_field(value), key);
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
