/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/keys.h"

#include "common/kv/model.h"
#include "common/kv/xid.h"
#include "export/redact/partition_keys.h"
#include "export/redact/refusal.h"

#include <string.h>

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "graveler.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"
#include "task.pb-c.h"

static const char SLASH[] = "/";

bool key_mismatch(Error *error)
{
    return redact_refused(error, "its key does not match its value");
}

bool key_between(Slice text, Slice before, Slice behind, Slice *middle)
{
    if (text.size < before.size + behind.size ||
        !slice_equal(slice_of(text.data, before.size), before) ||
        !slice_equal(slice_of(text.data + text.size - behind.size, behind.size), behind)) {
        return false;
    }
    *middle = slice_of(text.data + before.size, text.size - before.size - behind.size);
    return true;
}

/* The text after the last "/"; false if there is none. */
static bool last_part(Slice text, Slice *part)
{
    size_t size = 0;

    while (size < text.size && text.data[text.size - size - 1] != SLASH[0]) {
        size++;
    }
    *part = slice_of(text.data + text.size - size, size);
    return size < text.size;
}

static Slice binary(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

/* Writes the key of an entry with this message.  `repository` matters only to keys that contain a
 * repository that the message does not name. */
typedef bool KeyFunction(const ProtobufCMessage *message, Slice repository, Buffer *key,
                         Error *error);

#define KEY_FUNCTION(name, type, call)                                                             \
    static bool name(const ProtobufCMessage *message, Slice repository, Buffer *key, Error *error) \
    {                                                                                              \
        const type *data = (const type *)message;                                                  \
                                                                                                   \
        (void)repository;                                                                          \
        return call;                                                                               \
    }

KEY_FUNCTION(user_key, Kv__UserData, kv_key_user(key, slice_text(data->username), error))
KEY_FUNCTION(group_key, Kv__GroupData, kv_key_group(key, slice_text(data->display_name), error))
KEY_FUNCTION(policy_key, Kv__PolicyData, kv_key_policy(key, slice_text(data->display_name), error))
KEY_FUNCTION(credential_key, Kv__CredentialData,
             kv_key_credential(key, binary(data->user_id), slice_text(data->access_key_id), error))
KEY_FUNCTION(token_key, Kv__TokenData, kv_key_expired_token(key, slice_text(data->token_id), error))
KEY_FUNCTION(run_key, Kv__RunResultData, kv_key_run(key, repository, data->run_id, error))
KEY_FUNCTION(multipart_key, Kv__MultipartUploadData,
             buffer_append_text(key, data->upload_id, error))
KEY_FUNCTION(repository_key, Kv__RepositoryData,
             kv_key_repository(key, slice_text(data->id), error))
KEY_FUNCTION(commit_key, Kv__CommitData, kv_key_commit(key, slice_text(data->id), error))
KEY_FUNCTION(branch_key, Kv__BranchData, kv_key_branch(key, slice_text(data->id), error))
KEY_FUNCTION(tag_key, Kv__TagData, kv_key_tag(key, slice_text(data->id), error))
KEY_FUNCTION(staged_key, Kv__StagedEntryData,
             buffer_append(key, data->key.data, data->key.len, error))

static bool join(Buffer *key, const char *prefix, const char *id, Error *error)
{
    return buffer_append_text(key, prefix, error) && buffer_append_text(key, id, error);
}

KEY_FUNCTION(pull_key, Kv__PullRequestData, join(key, KV_PULLS, data->id, error))
KEY_FUNCTION(import_key, Kv__ImportStatusData, join(key, KV_IMPORTS, data->id, error))
KEY_FUNCTION(address_key, Kv__LinkAddressData, join(key, KV_LINK_ADDRESSES, data->address, error))

/* The first field of the status of every kind of task is the task. */
KEY_FUNCTION(status_key, Kv__TaskMsg,
             join(key, KV_TASKS, data->task == NULL ? "" : data->task->id, error))

/* There is one such entry in a partition. */
#define CONSTANT_KEY(name, constant)                                                               \
    static bool name(const ProtobufCMessage *message, Slice repository, Buffer *key, Error *error) \
    {                                                                                              \
        (void)message;                                                                             \
        (void)repository;                                                                          \
        return buffer_append_text(key, constant, error);                                           \
    }

CONSTANT_KEY(rules_key, KV_BRANCH_PROTECTION_KEY)
CONSTANT_KEY(metadata_key, KV_REPOSITORY_METADATA_KEY)

static const struct {
    const ProtobufCMessageDescriptor *message;
    KeyFunction *key;
} KEYS[] = {
    {&kv__user_data__descriptor, user_key},
    {&kv__group_data__descriptor, group_key},
    {&kv__policy_data__descriptor, policy_key},
    {&kv__credential_data__descriptor, credential_key},
    {&kv__token_data__descriptor, token_key},
    {&kv__run_result_data__descriptor, run_key},
    {&kv__multipart_upload_data__descriptor, multipart_key},
    {&kv__repository_data__descriptor, repository_key},
    {&kv__commit_data__descriptor, commit_key},
    {&kv__branch_data__descriptor, branch_key},
    {&kv__tag_data__descriptor, tag_key},
    {&kv__staged_entry_data__descriptor, staged_key},
    {&kv__branch_protection_rules__descriptor, rules_key},
    {&kv__repo_metadata__descriptor, metadata_key},
    {&kv__pull_request_data__descriptor, pull_key},
    {&kv__import_status_data__descriptor, import_key},
    {&kv__link_address_data__descriptor, address_key},
    {&kv__task_msg__descriptor, status_key},
    {&kv__repository_dump_status__descriptor, status_key},
    {&kv__repository_restore_status__descriptor, status_key},
    {&kv__garbage_collection_prepare_status__descriptor, status_key},
    {&kv__commit_async_status__descriptor, status_key},
    {&kv__merge_async_status__descriptor, status_key},
};

/* The repository in a key; empty if the key has none, or if the message names it. */
static bool find_key_repository(KeyFunction *function, const ProtobufCMessage *message, Slice key,
                                Slice *repository, Error *error)
{
    Buffer expected = {0};
    bool done = function(message, (Slice){0}, &expected, error);

    /* Without the repository, the key is shorter by its length. */
    *repository = (Slice){0};
    if (done && key.size > expected.size) {
        done = key_between(key, slice_text(KV_REPOSITORIES), (Slice){0}, repository) ||
               key_mismatch(error);
        repository->size = done ? key.size - expected.size : 0;
    }
    buffer_free(&expected);
    return done;
}

static bool check_key(KeyFunction *function, const ProtobufCMessage *message, Slice repository,
                      Slice key, Error *error)
{
    Buffer expected = {0};
    bool done = function(message, repository, &expected, error);

    if (done && !slice_equal(key, buffer_slice(&expected))) {
        done = key_mismatch(error);
    }
    buffer_free(&expected);
    return done;
}

static bool redact_own_key(Pseudonyms *names, KeyFunction *function, Slice key,
                           const ProtobufCMessage *before, const ProtobufCMessage *after,
                           Buffer *redacted, Error *error)
{
    Buffer pseudonym = {0};
    Slice repository;
    bool done = find_key_repository(function, before, key, &repository, error) &&
                check_key(function, before, repository, key, error) &&
                text_name(names, repository, &pseudonym, error) &&
                function(after, buffer_slice(&pseudonym), redacted, error);

    buffer_free(&pseudonym);
    return done;
}

/* "repos/<repository>/runs/<run id>" */
static bool parse_run_key(Slice key, Slice *repository, Slice *run_id)
{
    const size_t prefix = strlen(KV_REPOSITORIES);
    const size_t part = strlen(KV_IN_RUNS);
    Slice behind;

    if (!last_part(key, run_id) || key.size < prefix + part + run_id->size) {
        return false;
    }
    behind = slice_of(run_id->data - part, part + run_id->size);
    return slice_equal(slice_of(behind.data, part), slice_text(KV_IN_RUNS)) &&
           key_between(key, slice_text(KV_REPOSITORIES), behind, repository);
}

bool text_primary_key(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    Slice name;
    Slice run_id;
    Xid ignored;

    if (key_between(text, slice_text(KV_USERS), (Slice){0}, &name)) {
        return buffer_append_text(redacted, KV_USERS, error) &&
               text_name(names, name, redacted, error);
    }
    if (key_between(text, slice_text(KV_POLICIES), (Slice){0}, &name)) {
        return buffer_append_text(redacted, KV_POLICIES, error) &&
               text_policy(names, name, redacted, error);
    }
    if (parse_run_key(text, &name, &run_id)) {
        return buffer_append_text(redacted, KV_REPOSITORIES, error) &&
               text_name(names, name, redacted, error) &&
               buffer_append_text(redacted, KV_IN_RUNS, error) &&
               text_xid(names, run_id, redacted, error);
    }
    if (xid_from_text(text, &ignored)) {
        return text_xid(names, text, redacted, error);
    }
    return redact_refused(error, "its value refers to an unknown kind of entry");
}

/* The indexes of users, groups and policies: "<prefix><owner>/<primary key>". */
static const struct {
    const char *prefix;
    TextRule *owner;
} AUTH_INDEXES[] = {
    {KV_GROUP_USERS, text_group}, {KV_USER_POLICIES, text_name}, {KV_GROUP_POLICIES, text_group}};

/* The indexes of runs: "repos/<repository><part><id>/<run id>". */
static const struct {
    const char *part;
    TextRule *id;
} RUN_INDEXES[] = {{KV_IN_BRANCHES, text_name}, {KV_IN_COMMITS, text_hash}};

static bool redact_run_index(Pseudonyms *names, Slice key, Slice primary_key, Buffer *redacted,
                             Error *error)
{
    Slice repository;
    Slice run_id;
    Slice rest;
    Slice id;

    if (!parse_run_key(primary_key, &repository, &run_id) ||
        !key_between(key, slice_of(primary_key.data, strlen(KV_REPOSITORIES) + repository.size),
                     slice_of(run_id.data - 1, run_id.size + 1), &rest)) {
        return key_mismatch(error);
    }
    for (size_t i = 0; i < sizeof RUN_INDEXES / sizeof RUN_INDEXES[0]; i++) {
        if (key_between(rest, slice_text(RUN_INDEXES[i].part), (Slice){0}, &id)) {
            return buffer_append_text(redacted, KV_REPOSITORIES, error) &&
                   text_name(names, repository, redacted, error) &&
                   buffer_append_text(redacted, RUN_INDEXES[i].part, error) &&
                   RUN_INDEXES[i].id(names, id, redacted, error) &&
                   buffer_append_text(redacted, SLASH, error) &&
                   text_xid(names, run_id, redacted, error);
        }
    }
    return key_mismatch(error);
}

static bool redact_index_key(Pseudonyms *names, Slice key, Slice primary_key,
                             Slice redacted_primary_key, Buffer *redacted, Error *error)
{
    Slice rest;
    Slice owner;

    for (size_t i = 0; i < sizeof AUTH_INDEXES / sizeof AUTH_INDEXES[0]; i++) {
        const char *prefix = AUTH_INDEXES[i].prefix;

        if (key_between(key, slice_text(prefix), (Slice){0}, &rest)) {
            if (!key_between(rest, (Slice){0}, primary_key, &owner) ||
                !key_between(owner, (Slice){0}, slice_text(SLASH), &owner)) {
                return key_mismatch(error);
            }
            return buffer_append_text(redacted, prefix, error) &&
                   AUTH_INDEXES[i].owner(names, owner, redacted, error) &&
                   buffer_append_text(redacted, SLASH, error) &&
                   buffer_append(redacted, redacted_primary_key.data, redacted_primary_key.size,
                                 error);
        }
    }
    return redact_run_index(names, key, primary_key, redacted, error);
}

/* A task's message does not name the run of its key; see KV-MODEL.md, "Messages". */
static bool redact_task_key(Pseudonyms *names, Slice key, const Kv__TaskResultData *before,
                            const Kv__TaskResultData *after, Buffer *redacted, Error *error)
{
    Buffer repository = {0};
    Buffer run = {0};
    Slice repository_id;
    Slice run_id;
    bool done = (kv_task_key_parse(key, slice_text(before->hook_run_id), &repository_id, &run_id) ||
                 key_mismatch(error)) &&
                text_name(names, repository_id, &repository, error) &&
                text_xid(names, run_id, &run, error) &&
                kv_key_task(redacted, buffer_slice(&repository), buffer_string(&run),
                            slice_text(after->hook_run_id), error);

    buffer_free(&repository);
    buffer_free(&run);
    return done;
}

bool key_redact(Pseudonyms *names, Slice partition_key, Slice key, const ProtobufCMessage *before,
                const ProtobufCMessage *after, Buffer *redacted, Error *error)
{
    const ProtobufCMessageDescriptor *descriptor = before->descriptor;
    PartitionKeyFunction *special = partition_key_find(partition_key);

    redacted->size = 0;
    if (special != NULL) {
        return special(names, key, before, after, redacted, error);
    }
    if (descriptor == &kv__secondary_index__descriptor) {
        return redact_index_key(
            names, key, binary(((const Kv__SecondaryIndex *)before)->primary_key),
            binary(((const Kv__SecondaryIndex *)after)->primary_key), redacted, error);
    }
    if (descriptor == &kv__task_result_data__descriptor) {
        return redact_task_key(names, key, (const Kv__TaskResultData *)before,
                               (const Kv__TaskResultData *)after, redacted, error);
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (KEYS[i].message == descriptor) {
            return redact_own_key(names, KEYS[i].key, key, before, after, redacted, error);
        }
    }
    return redact_refused(error, "unknown kind of key for a %s", descriptor->short_name);
}

bool text_repository_partition(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    Slice repository_id;
    Slice instance_id;

    if (!kv_partition_is_repository(text, &repository_id, &instance_id)) {
        return redact_refused(error, "unknown partition");
    }
    return text_name(names, repository_id, redacted, error) &&
           buffer_append_text(redacted, "-", error) &&
           text_xid(names, instance_id, redacted, error);
}
