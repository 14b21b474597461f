/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/model.h"

#include "common/kv/xid.h"

/* Replaces the key by the concatenated parts. */
static bool join_parts(Buffer *key, const Slice *parts, size_t count, Error *error)
{
    key->size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!buffer_append(key, parts[i].data, parts[i].size, error)) {
            return false;
        }
    }
    return true;
}

#define JOIN(key, error, ...)                                                                      \
    join_parts((key), (const Slice[]){__VA_ARGS__},                                                \
               sizeof((const Slice[]){__VA_ARGS__}) / sizeof(Slice), (error))

bool kv_partition_repository(Buffer *partition, Slice repository_id, const char *instance_id,
                             Error *error)
{
    return JOIN(partition, error, repository_id, slice_text("-"), slice_text(instance_id));
}

bool kv_partition_is_repository(Slice partition, Slice *repository_id, Slice *instance_id)
{
    Xid ignored;

    if (partition.size <= XID_TEXT_SIZE + 1 ||
        partition.data[partition.size - XID_TEXT_SIZE - 1] != '-') {
        return false;
    }
    *repository_id = slice_of(partition.data, partition.size - XID_TEXT_SIZE - 1);
    *instance_id = slice_of(partition.data + partition.size - XID_TEXT_SIZE, XID_TEXT_SIZE);
    return xid_from_text(*instance_id, &ignored);
}

bool kv_key_user(Buffer *key, Slice user, Error *error)
{
    return JOIN(key, error, slice_text(KV_USERS), user);
}

bool kv_key_group(Buffer *key, Slice group, Error *error)
{
    return JOIN(key, error, slice_text(KV_GROUPS), group);
}

bool kv_key_policy(Buffer *key, Slice policy, Error *error)
{
    return JOIN(key, error, slice_text(KV_POLICIES), policy);
}

bool kv_key_group_user(Buffer *key, Slice group, Slice user, Error *error)
{
    return JOIN(key, error, slice_text(KV_GROUP_USERS), group, slice_text("/users/"), user);
}

bool kv_key_user_policy(Buffer *key, Slice user, Slice policy, Error *error)
{
    return JOIN(key, error, slice_text(KV_USER_POLICIES), user, slice_text("/policies/"), policy);
}

bool kv_key_group_policy(Buffer *key, Slice group, Slice policy, Error *error)
{
    return JOIN(key, error, slice_text(KV_GROUP_POLICIES), group, slice_text("/policies/"), policy);
}

bool kv_key_credential(Buffer *key, Slice user, Slice access_key_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_USER_CREDENTIALS), user, slice_text("/credentials/"),
                access_key_id);
}

bool kv_key_expired_token(Buffer *key, Slice token_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_EXPIRED_TOKENS), token_id);
}

bool kv_key_installation_metadata(Buffer *key, Slice name, Error *error)
{
    return JOIN(key, error, slice_text(KV_INSTALLATION_METADATA), name);
}

bool kv_key_run(Buffer *key, Slice repository_id, const char *run_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_REPOSITORIES), repository_id, slice_text(KV_IN_RUNS),
                slice_text(run_id));
}

bool kv_key_branch_run(Buffer *key, Slice repository_id, Slice branch_id, const char *run_id,
                       Error *error)
{
    return JOIN(key, error, slice_text(KV_REPOSITORIES), repository_id, slice_text(KV_IN_BRANCHES),
                branch_id, slice_text("/"), slice_text(run_id));
}

bool kv_key_commit_run(Buffer *key, Slice repository_id, Slice commit_id, const char *run_id,
                       Error *error)
{
    return JOIN(key, error, slice_text(KV_REPOSITORIES), repository_id, slice_text(KV_IN_COMMITS),
                commit_id, slice_text("/"), slice_text(run_id));
}

bool kv_key_task(Buffer *key, Slice repository_id, const char *run_id, Slice hook_run_id,
                 Error *error)
{
    return JOIN(key, error, slice_text(KV_REPOSITORIES), repository_id, slice_text(KV_IN_TASKS),
                slice_text(run_id), slice_text("/"), hook_run_id);
}

bool kv_key_repository(Buffer *key, Slice repository_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_REPOSITORIES), repository_id);
}

bool kv_key_commit(Buffer *key, Slice commit_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_COMMITS), commit_id);
}

bool kv_key_branch(Buffer *key, Slice branch_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_BRANCHES), branch_id);
}

bool kv_key_tag(Buffer *key, Slice tag_id, Error *error)
{
    return JOIN(key, error, slice_text(KV_TAGS), tag_id);
}

/* Cuts the end off; false if the text does not end with it. */
static bool cut_end(Slice *text, Slice end)
{
    if (text->size < end.size ||
        !slice_equal(slice_of(text->data + text->size - end.size, end.size), end)) {
        return false;
    }
    text->size -= end.size;
    return true;
}

/* Cuts the beginning off; false if the text does not begin with it. */
static bool cut_begin(Slice *text, Slice begin)
{
    if (text->size < begin.size || !slice_equal(slice_of(text->data, begin.size), begin)) {
        return false;
    }
    *text = slice_of(text->data + begin.size, text->size - begin.size);
    return true;
}

bool kv_run_key_matches(Slice key, Slice run_id)
{
    return run_id.size > 0 && cut_begin(&key, slice_text(KV_REPOSITORIES)) &&
           cut_end(&key, run_id) && cut_end(&key, slice_text(KV_IN_RUNS));
}

bool kv_task_key_parse(Slice key, Slice hook_run_id, Slice *repository_id, Slice *run_id)
{
    size_t size = 0;

    if (!cut_begin(&key, slice_text(KV_REPOSITORIES)) || !cut_end(&key, hook_run_id) ||
        !cut_end(&key, slice_text("/"))) {
        return false;
    }
    while (size < key.size && key.data[key.size - size - 1] != '/') {
        size++;
    }
    *run_id = slice_of(key.data + key.size - size, size);
    key.size -= size;
    *repository_id = key;
    return size > 0 && cut_end(repository_id, slice_text(KV_IN_TASKS));
}

bool kv_version_parse(Slice value, uint64_t *version)
{
    enum { DIGITS_MAX = 9 };

    *version = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        *version = *version * 10 + (uint64_t)(value.data[i] - '0');
    }
    return value.size > 0 && value.size <= DIGITS_MAX;
}
