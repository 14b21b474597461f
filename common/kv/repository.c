/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/repository.h"

#include "common/base/printable.h"
#include "common/kv/entry_type.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/kv/wire.h"

#include <string.h>

#include "graveler.pb-c.h"

static bool begins_with(Slice bytes, Slice prefix)
{
    return bytes.size >= prefix.size && slice_equal(slice_of(bytes.data, prefix.size), prefix);
}

static Slice after(Slice bytes, size_t size)
{
    return slice_of(bytes.data + size, bytes.size - size);
}

static bool contains_slash(Slice bytes)
{
    return bytes.size > 0 && memchr(bytes.data, '/', bytes.size) != NULL;
}

bool kv_repository_read(Slice value, KvRepositoryRecord *record)
{
    enum { STATE_FIELD = 5, STORAGE_ID_FIELD = 8 };
    WireField field;

    *record = (KvRepositoryRecord){.id = {0}};
    while (value.size > 0) {
        if (!wire_next(&value, &field)) {
            return false;
        }
        if (field.type == WIRE_BYTES) {
            switch (field.number) {
            case KV_REPOSITORY_ID_FIELD:
                record->id = field.bytes;
                break;
            case KV_REPOSITORY_NAMESPACE_FIELD:
                record->storage_namespace = field.bytes;
                break;
            case KV_REPOSITORY_INSTANCE_FIELD:
                record->instance_id = field.bytes;
                break;
            case STORAGE_ID_FIELD:
                record->storage_id = field.bytes;
                break;
            default:
                break;
            }
        } else if (field.type == WIRE_VARINT && field.number == STATE_FIELD) {
            record->in_deletion = field.integer != 0;
        }
    }
    return true;
}

static bool is_odd(Slice id, const char *what, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "repository \"%s\" %s", PRINTABLE_NAME(id), what);
    return error_hint(error, "No lakeFS writes such an entry, and what it leads to may belong to "
                             "another repository. Look at it with kv-import --print "
                             "--partition=" KV_PARTITION_GRAVELER ".");
}

static bool set_bytes(Buffer *buffer, Slice bytes, Error *error)
{
    buffer->size = 0;
    return buffer_append(buffer, bytes.data, bytes.size, error);
}

static bool set_prefix(Buffer *buffer, Slice name, Error *error)
{
    buffer->size = 0;
    return buffer_append_text(buffer, KV_REPOSITORIES, error) &&
           buffer_append(buffer, name.data, name.size, error) &&
           buffer_append_text(buffer, "/", error);
}

bool kv_repository_set(KvRepository *repository, Slice id, Slice value, Error *error)
{
    KvRepositoryRecord record;
    Slice partition_id;
    Slice instance_id;

    /* Keys of actions and pulls would be ambiguous, and lakeFS allows no such id. */
    if (id.size == 0 || contains_slash(id)) {
        return is_odd(id, "has an id that no repository can have", error);
    }
    if (!kv_repository_read(value, &record)) {
        return is_odd(id, "has an entry that cannot be read", error);
    }
    if (!slice_equal(record.id, id)) {
        return is_odd(id, "has an entry with the id of another one", error);
    }
    repository->in_deletion = record.in_deletion;
    repository->partition.size = 0;
    if (!set_bytes(&repository->id, id, error) || !set_bytes(&repository->record, value, error) ||
        !set_bytes(&repository->storage_namespace, record.storage_namespace, error) ||
        !kv_key_repository(&repository->key, id, error) ||
        !buffer_append(&repository->partition, id.data, id.size, error) ||
        !buffer_append_text(&repository->partition, "-", error) ||
        !buffer_append(&repository->partition, record.instance_id.data, record.instance_id.size,
                       error) ||
        !set_prefix(&repository->actions, id, error) ||
        !set_prefix(&repository->pulls, buffer_slice(&repository->partition), error)) {
        return false;
    }
    return (kv_partition_is_repository(buffer_slice(&repository->partition), &partition_id,
                                       &instance_id) &&
            slice_equal(partition_id, id)) ||
           is_odd(id, "has an instance id that is not an xid", error);
}

bool kv_branch_tokens(Slice value, KvTokenFunction *function, void *state, bool *valid,
                      Error *error)
{
    WireField field;

    *valid = true;
    while (value.size > 0) {
        if (!wire_next(&value, &field)) {
            *valid = false;
            return true;
        }
        if (field.type == WIRE_BYTES && field.bytes.size > 0 &&
            (field.number == KV_BRANCH_TOKEN_FIELD || field.number == KV_BRANCH_SEALED_FIELD) &&
            !function(state, field.bytes, error)) {
            return false;
        }
    }
    return true;
}

/* What is wrong with a staging token; NULL: nothing.  Whoever may write an entry of a branch must
 * not reach other partitions by it. */
static const char *problem_of_token(Slice token)
{
    Slice repository_id;
    Slice instance_id;

    if (kv_partition_is_fixed(token)) {
        return "which is a partition that all repositories share";
    }
    return kv_partition_is_repository(token, &repository_id, &instance_id)
               ? "which has the form of a repository's partition"
               : NULL;
}

static bool add_token(void *state, Slice token, Error *error)
{
    KvRepository *repository = state;
    const char *problem = problem_of_token(token);

    if (problem == NULL) {
        return byte_map_add(&repository->tokens, token, NULL, error);
    }
    error_set(error, EXIT_CODE_REFUSED,
              "a branch of repository \"%s\" has the staging token \"%s\", %s",
              PRINTABLE_NAME(buffer_slice(&repository->id)), PRINTABLE_NAME(token), problem);
    return error_hint(error, "No lakeFS makes such tokens. Look at the repository's branches with "
                             "kv-import --print --prefix=" KV_BRANCHES ".");
}

bool kv_repository_add_branch(KvRepository *repository, Slice key, Slice value, Error *error)
{
    bool valid;

    if (!kv_branch_tokens(value, add_token, repository, &valid, error)) {
        return false;
    }
    if (!valid) {
        error_set(error, EXIT_CODE_REFUSED,
                  "repository \"%s\" has an entry \"%s\" that cannot be read",
                  PRINTABLE_NAME(buffer_slice(&repository->id)), PRINTABLE_NAME(key));
        return error_hint(error, "Its staged objects cannot be found without it.");
    }
    return true;
}

bool kv_is_branch_key(Slice key)
{
    return begins_with(key, slice_text(KV_BRANCHES));
}

/* Of an entry in the repository's own partition. */
static KvRepositoryPart own_part(Slice key)
{
    static const struct {
        const char *prefix;
        KvRepositoryPart part;
    } PREFIXES[] = {
        {KV_BRANCHES, KV_PART_BRANCH},
        {KV_COMMITS, KV_PART_COMMIT},
        {KV_TAGS, KV_PART_TAG},
        {KV_PULLS, KV_PART_PULL},
        {KV_TASKS, KV_PART_TRANSIENT},
        {KV_IMPORTS, KV_PART_TRANSIENT},
        {KV_LINK_ADDRESSES, KV_PART_TRANSIENT},
    };

    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        if (begins_with(key, slice_text(PREFIXES[i].prefix))) {
            return PREFIXES[i].part;
        }
    }
    return KV_PART_SETTING;
}

/* The name of a KV_IN_ part without the slash before it, which `actions` ends with. */
static Slice part_name(const char *part)
{
    return slice_text(part + 1);
}

/* Whether the primary key of an index is a run of the repository. */
static bool is_index_of(const KvRepository *repository, Slice value)
{
    const Slice runs = part_name(KV_IN_RUNS);
    WireField field;

    if (!wire_next(&value, &field) || field.number != KV_INDEX_KEY_FIELD ||
        field.type != WIRE_BYTES || !begins_with(field.bytes, buffer_slice(&repository->actions))) {
        return false;
    }
    field.bytes = after(field.bytes, repository->actions.size);
    return begins_with(field.bytes, runs) && !contains_slash(after(field.bytes, runs.size));
}

/*
 * Of an entry in KV_PARTITION_ACTIONS.  Its key begins with the repository's id and "/", but so do
 * those of a repository whose id goes on there; lakeFS allows no such ids, databases do.
 */
static KvRepositoryPart actions_part(const KvRepository *repository, const Entry *entry)
{
    const Slice prefix = buffer_slice(&repository->actions);
    Slice rest;

    if (!begins_with(entry->key, prefix)) {
        return KV_PART_NONE;
    }
    rest = after(entry->key, prefix.size);
    if (begins_with(rest, part_name(KV_IN_RUNS))) {
        return contains_slash(after(rest, part_name(KV_IN_RUNS).size)) ? KV_PART_NONE : KV_PART_RUN;
    }
    if (begins_with(rest, part_name(KV_IN_TASKS))) {
        return KV_PART_RUN_TASK;
    }
    return (begins_with(rest, part_name(KV_IN_BRANCHES)) ||
            begins_with(rest, part_name(KV_IN_COMMITS))) &&
                   is_index_of(repository, entry->value)
               ? KV_PART_RUN_INDEX
               : KV_PART_NONE;
}

KvRepositoryPart kv_repository_part(const KvRepository *repository, const Entry *entry)
{
    const Slice partition = entry->partition_key;

    if (slice_equal(partition, buffer_slice(&repository->partition))) {
        return own_part(entry->key);
    }
    if (slice_equal(partition, slice_text(KV_PARTITION_GRAVELER))) {
        return slice_equal(entry->key, buffer_slice(&repository->key)) ? KV_PART_RECORD
                                                                       : KV_PART_NONE;
    }
    if (slice_equal(partition, slice_text(KV_PARTITION_ACTIONS))) {
        return actions_part(repository, entry);
    }
    if (slice_equal(partition, slice_text(KV_PARTITION_PULLS))) {
        return begins_with(entry->key, buffer_slice(&repository->pulls)) ? KV_PART_PULL_INDEX
                                                                         : KV_PART_NONE;
    }
    if (!byte_map_contains(&repository->tokens, partition)) {
        return KV_PART_NONE;
    }
    return kv_entry_type(partition, entry->key, entry->value).message ==
                   &kv__staged_entry_data__descriptor
               ? KV_PART_STAGED
               : KV_PART_FOREIGN;
}

bool kv_repository_refuse_foreign(const KvRepository *repository, const Entry *entry, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "a branch of repository \"%s\" has the staging token \"%s\", a partition that "
              "holds something else than staged objects",
              PRINTABLE_NAME(buffer_slice(&repository->id)), PRINTABLE_NAME(entry->partition_key));
    error_detail(error, "For example the key \"%s\".", PRINTABLE_NAME(entry->key));
    return error_hint(error, "No lakeFS makes such tokens. Find out whose partition that is.");
}

void kv_repository_free(KvRepository *repository)
{
    buffer_free(&repository->id);
    buffer_free(&repository->storage_namespace);
    buffer_free(&repository->partition);
    buffer_free(&repository->key);
    buffer_free(&repository->record);
    buffer_free(&repository->actions);
    buffer_free(&repository->pulls);
    byte_map_free(&repository->tokens);
    *repository = (KvRepository){0};
}
