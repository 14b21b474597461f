/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repositories, their branches, tags, pull requests, rules and metadata.
 */
#include "import/diff/change.h"

#include "common/kv/model.h"
#include "import/diff/fields.h"

#include <string.h>

#include "graveler.pb-c.h"

/* Numbers of fields; a branch and a tag have the same. */
enum {
    REPOSITORY_NAMESPACE = 2,
    REPOSITORY_DEFAULT_BRANCH = 3,
    REPOSITORY_STATE = 5,
    REPOSITORY_INSTANCE = 6,
    REPOSITORY_READ_ONLY = 7,
    REF_COMMIT = 2,
    PULL_STATUS = 2,
    PULL_TITLE = 4,
    PULL_SOURCE = 7,
    PULL_DESTINATION = 8
};

static bool number_changed(const Change *change, uint32_t field)
{
    return field_number(change->old_value, field) != field_number(change->new_value, field);
}

static bool bytes_changed(const Change *change, uint32_t field)
{
    return !slice_equal(field_bytes(change->old_value, field),
                        field_bytes(change->new_value, field));
}

static void describe_changed_repository(TextLine *line, const Change *change)
{
    if (bytes_changed(change, REPOSITORY_INSTANCE)) {
        text_add(line, " deleted and created anew");
    } else if (number_changed(change, REPOSITORY_STATE)) {
        text_add(line,
                 field_number(change->value, REPOSITORY_STATE) == KV__REPOSITORY_STATE__IN_DELETION
                     ? " is being deleted"
                     : " is no longer being deleted");
    } else if (number_changed(change, REPOSITORY_READ_ONLY)) {
        text_add(line, field_number(change->value, REPOSITORY_READ_ONLY) != 0
                           ? " is read-only now"
                           : " is no longer read-only");
    } else if (bytes_changed(change, REPOSITORY_DEFAULT_BRANCH)) {
        text_add(line, " has the default branch ");
        text_name(line, field_bytes(change->new_value, REPOSITORY_DEFAULT_BRANCH));
        text_add(line, " instead of ");
        text_name(line, field_bytes(change->old_value, REPOSITORY_DEFAULT_BRANCH));
    } else {
        text_add(line, " changed");
        change_fields(line, change);
    }
}

static void describe_repository(TextLine *line, const Change *change)
{
    text_add(line, "repository ");
    text_name(line, change_key_after(change->key, KV_REPOSITORIES));
    if (change->kind == CHANGE_CHANGED) {
        describe_changed_repository(line, change);
    } else {
        text_add(line, change->kind == CHANGE_ADDED ? " created in " : " deleted, was in ");
        text_name(line, field_bytes(change->value, REPOSITORY_NAMESPACE));
    }
}

/* Branches and tags. */
static void describe_ref(TextLine *line, const Change *change, const char *what, Slice name,
                         Slice repository_id)
{
    text_add(line, "%s ", what);
    text_name(line, name);
    text_add(line, " of ");
    text_name(line, repository_id);
    if (change->kind == CHANGE_ADDED) {
        text_add(line, " created at ");
        text_id(line, field_bytes(change->new_value, REF_COMMIT));
    } else if (change->kind == CHANGE_REMOVED) {
        text_add(line, " deleted, was at ");
        text_id(line, field_bytes(change->old_value, REF_COMMIT));
    } else if (bytes_changed(change, REF_COMMIT)) {
        text_add(line, " moved from ");
        text_id(line, field_bytes(change->old_value, REF_COMMIT));
        text_add(line, " to ");
        text_id(line, field_bytes(change->new_value, REF_COMMIT));
    } else {
        text_add(line, " changed");
        change_fields(line, change);
    }
}

static const char *pull_word(uint64_t status, ChangeKind kind)
{
    switch (status) {
    case KV__PULL_REQUEST_STATUS__CLOSED:
        return "closed";
    case KV__PULL_REQUEST_STATUS__MERGED:
        return "merged";
    default:
        return kind == CHANGE_ADDED ? "opened" : "opened again";
    }
}

static void describe_pull(TextLine *line, const Change *change, Slice repository_id)
{
    uint64_t status = field_number(change->value, PULL_STATUS);

    text_add(line, "pull request ");
    text_first_line(line, field_bytes(change->value, PULL_TITLE));
    text_add(line, " of ");
    text_name(line, repository_id);
    if (change->kind == CHANGE_REMOVED) {
        text_add(line, " removed");
    } else if (change->kind == CHANGE_CHANGED && !number_changed(change, PULL_STATUS)) {
        text_add(line, " changed");
        change_fields(line, change);
    } else {
        text_add(line, " %s: ", pull_word(status, change->kind));
        text_name(line, field_bytes(change->value, PULL_SOURCE));
        text_add(line, " into ");
        text_name(line, field_bytes(change->value, PULL_DESTINATION));
    }
}

static void describe_pairs(TextLine *line, const Change *change, const char *what,
                           Slice repository_id, bool rules)
{
    text_add(line, "%s of ", what);
    text_name(line, repository_id);
    text_add(line, " %s", change_word(change->kind));
    change_pairs(line, change, rules);
}

bool change_describe_repository(TextLine *line, const Change *change)
{
    const ProtobufCMessageDescriptor *message = change->type.message;
    Slice repository_id;
    Slice instance_id;

    if (message == &kv__repository_data__descriptor) {
        describe_repository(line, change);
        return true;
    }
    if (!kv_partition_is_repository(change->partition_key, &repository_id, &instance_id)) {
        return false;
    }
    if (message == &kv__branch_data__descriptor) {
        describe_ref(line, change, "branch", change_key_after(change->key, KV_BRANCHES),
                     repository_id);
    } else if (message == &kv__tag_data__descriptor) {
        describe_ref(line, change, "tag", change_key_after(change->key, KV_TAGS), repository_id);
    } else if (message == &kv__pull_request_data__descriptor) {
        describe_pull(line, change, repository_id);
    } else if (message == &kv__branch_protection_rules__descriptor) {
        describe_pairs(line, change, "branch protection", repository_id, true);
    } else if (message == &kv__repo_metadata__descriptor) {
        describe_pairs(line, change, "metadata", repository_id, false);
    } else {
        return false;
    }
    return true;
}
