/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/fields.h"

#include "common/base/arena_text.h"
#include "common/base/buffer.h"
#include "export/redact/keys.h"
#include "export/redact/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "catalog.pb-c.h"
#include "graveler.pb-c.h"
#include "metadata.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"
#include "task.pb-c.h"
#include "timestamp.pb-c.h"

#define KEPT(field)                                                                                \
    {                                                                                              \
        field, FIELD_KEPT, NULL, NULL                                                              \
    }
#define EMPTIED(field)                                                                             \
    {                                                                                              \
        field, FIELD_EMPTIED, NULL, NULL                                                           \
    }
#define TEXT(field, rule)                                                                          \
    {                                                                                              \
        field, FIELD_TEXT, rule, NULL                                                              \
    }
#define MESSAGE(field)                                                                             \
    {                                                                                              \
        field, FIELD_MESSAGE, NULL, NULL                                                           \
    }
#define MAP(field)                                                                                 \
    {                                                                                              \
        field, FIELD_MAP, NULL, NULL                                                               \
    }
#define EMBEDDED(field, message)                                                                   \
    {                                                                                              \
        field, FIELD_EMBEDDED, NULL, message                                                       \
    }
#define FIELDS(...) ((const FieldRule[]){__VA_ARGS__, {0}})

static const MessageRule TABLE[] = {
    {&kv__timestamp__descriptor, FIELDS(KEPT("seconds"), KEPT("nanos"))},
    {&kv__metadata_entry__descriptor, FIELDS(TEXT("key", text_name), TEXT("value", text_name))},
    {&kv__secondary_index__descriptor, FIELDS(TEXT("primary_key", text_primary_key))},

    {&kv__user_data__descriptor,
     FIELDS(MESSAGE("created_at"), TEXT("username", text_name), TEXT("friendly_name", text_name),
            TEXT("email", text_email), EMPTIED("encrypted_password"),
            TEXT("source", text_user_source), TEXT("external_id", text_name))},
    {&kv__group_data__descriptor, FIELDS(MESSAGE("created_at"), TEXT("display_name", text_group),
                                         TEXT("description", text_name))},
    {&kv__policy_data__descriptor, FIELDS(MESSAGE("created_at"), TEXT("display_name", text_policy),
                                          MESSAGE("statement"), MESSAGE("acl"))},
    {&kv__statement_data__descriptor,
     FIELDS(TEXT("effect", text_effect), TEXT("action", text_action),
            TEXT("resource", text_resource), MAP("condition"))},
    {&kv__condition_operator_entry__descriptor,
     FIELDS(TEXT("key", text_condition_operator), MESSAGE("value"))},
    {&kv__condition_operator__descriptor, FIELDS(MAP("fields"))},
    {&kv__condition_entry__descriptor, FIELDS(TEXT("key", text_condition), MESSAGE("value"))},
    {&kv__condition_values__descriptor, FIELDS(TEXT("values", text_name))},
    {&kv__acldata__descriptor, FIELDS(TEXT("permission", text_permission), KEPT("all_repositories"),
                                      TEXT("repositories", text_name))},
    {&kv__credential_data__descriptor,
     FIELDS(TEXT("access_key_id", text_name), EMPTIED("secret_access_key_encrypted_bytes"),
            MESSAGE("issued_date"), TEXT("user_id", text_name))},
    /* The id is also the entry's key, so it cannot be emptied. */
    {&kv__token_data__descriptor, FIELDS(TEXT("token_id", text_name), MESSAGE("expired_at"))},

    {&kv__run_result_data__descriptor,
     FIELDS(TEXT("run_id", text_xid), TEXT("branch_id", text_name), TEXT("commit_id", text_hash),
            TEXT("source_ref", text_ref), TEXT("event_type", text_event_type),
            MESSAGE("start_time"), MESSAGE("end_time"), KEPT("passed"))},
    {&kv__task_result_data__descriptor,
     FIELDS(TEXT("run_id", text_xid), TEXT("hook_run_id", text_hook_run),
            TEXT("hook_id", text_name), TEXT("action_name", text_name), MESSAGE("start_time"),
            MESSAGE("end_time"), KEPT("passed"))},

    {&kv__multipart_upload_data__descriptor,
     FIELDS(TEXT("upload_id", text_name), TEXT("path", text_path), MESSAGE("creation_date"),
            TEXT("physical_address", text_address), MAP("metadata"),
            TEXT("content_type", text_content_type))},

    {&kv__repository_data__descriptor,
     FIELDS(TEXT("id", text_name), TEXT("storage_namespace", text_address),
            TEXT("default_branch_id", text_name), MESSAGE("creation_date"), KEPT("state"),
            TEXT("instance_uid", text_xid), KEPT("read_only"), TEXT("storage_id", text_name))},
    {&kv__commit_data__descriptor,
     FIELDS(TEXT("id", text_hash), TEXT("committer", text_name), TEXT("message", text_name),
            MESSAGE("creation_date"), TEXT("meta_range_id", text_hash), MAP("metadata"),
            TEXT("parents", text_hash), KEPT("version"), KEPT("generation"))},
    {&kv__branch_data__descriptor,
     FIELDS(TEXT("id", text_name), TEXT("commit_id", text_hash),
            TEXT("staging_token", text_staging_token), TEXT("sealed_tokens", text_staging_token),
            KEPT("hidden"))},
    {&kv__tag_data__descriptor, FIELDS(TEXT("id", text_name), TEXT("commit_id", text_hash))},
    {&kv__staged_entry_data__descriptor,
     FIELDS(TEXT("key", text_path), TEXT("identity", text_identity),
            EMBEDDED("data", &kv__catalog_entry__descriptor))},
    {&kv__catalog_entry__descriptor,
     FIELDS(TEXT("address", text_address), MESSAGE("last_modified"), KEPT("size"),
            TEXT("e_tag", text_etag), MAP("metadata"), KEPT("address_type"),
            TEXT("content_type", text_content_type))},
    {&kv__branch_protection_rules__descriptor, FIELDS(MAP("branch_pattern_to_blocked_actions"))},
    {&kv__branch_protection_rule__descriptor,
     FIELDS(TEXT("key", text_branch_pattern), MESSAGE("value"))},
    {&kv__blocked_actions__descriptor, FIELDS(KEPT("value"))},
    {&kv__repo_metadata__descriptor, FIELDS(MAP("metadata"))},
    {&kv__import_status_data__descriptor,
     FIELDS(TEXT("id", text_xid), KEPT("completed"), MESSAGE("updated_at"), KEPT("progress"),
            TEXT("metarange_id", text_hash), MESSAGE("commit"), TEXT("error", text_name))},
    {&kv__pull_request_data__descriptor,
     FIELDS(TEXT("id", text_xid), KEPT("status"), MESSAGE("created_at"), TEXT("title", text_name),
            TEXT("author", text_name), TEXT("description", text_name),
            TEXT("source_branch", text_name), TEXT("destination_branch", text_name),
            TEXT("commit_id", text_hash), MESSAGE("closed_at"))},
    {&kv__link_address_data__descriptor, FIELDS(TEXT("address", text_address))},
    {&kv__branch_ownership_data__descriptor,
     FIELDS(TEXT("owner", text_xid), MESSAGE("expires"), TEXT("comment", text_name))},

    {&kv__task__descriptor,
     FIELDS(TEXT("id", text_task), KEPT("done"), MESSAGE("updated_at"), KEPT("progress"),
            TEXT("error_msg", text_name), KEPT("status_code"), TEXT("operation", text_operation),
            TEXT("owner_instance_id", text_xid))},
    {&kv__task_msg__descriptor, FIELDS(MESSAGE("task"))},
    {&kv__repository_dump_info__descriptor,
     FIELDS(TEXT("commits_metarange_id", text_hash), TEXT("tags_metarange_id", text_hash),
            TEXT("branches_metarange_id", text_hash))},
    {&kv__repository_dump_status__descriptor, FIELDS(MESSAGE("task"), MESSAGE("info"))},
    {&kv__repository_restore_status__descriptor, FIELDS(MESSAGE("task"))},
    {&kv__garbage_collection_prepare_commits_info__descriptor,
     FIELDS(TEXT("run_id", text_name), TEXT("gc_commits_location", text_address),
            TEXT("gc_addresses_location", text_address))},
    {&kv__garbage_collection_prepare_status__descriptor, FIELDS(MESSAGE("task"), MESSAGE("info"))},
    {&kv__commit_async_status__descriptor, FIELDS(MESSAGE("task"), MESSAGE("info"))},
    {&kv__merge_async_info__descriptor, FIELDS(TEXT("reference", text_ref))},
    {&kv__merge_async_status__descriptor, FIELDS(MESSAGE("task"), MESSAGE("info"))},
    {&kv__instance_data__descriptor, FIELDS(MESSAGE("updated_at"))},
};

const MessageRule *message_rule_find(const ProtobufCMessageDescriptor *message)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (TABLE[i].message == message) {
            return &TABLE[i];
        }
    }
    return NULL;
}

const FieldRule *field_rule_find(const MessageRule *rule, const char *field)
{
    for (const FieldRule *known = rule->fields; known->field != NULL; known++) {
        if (strcmp(known->field, field) == 0) {
            return known;
        }
    }
    return NULL;
}

/* protobuf-c allocates from an arena, and its memory is freed with it. */
typedef struct ArenaAllocator {
    Arena *arena;
    Error *error;
    bool out_of_memory;
} ArenaAllocator;

static void *allocate_in_arena(void *state, size_t size)
{
    ArenaAllocator *allocator = state;
    void *piece = arena_allocate(allocator->arena, size, allocator->error);

    allocator->out_of_memory = allocator->out_of_memory || piece == NULL;
    return piece;
}

static void free_nothing(void *state, void *piece)
{
    (void)state;
    (void)piece;
}

bool fields_read_message(const ProtobufCMessageDescriptor *descriptor, Slice bytes, Arena *arena,
                         ProtobufCMessage **message, Error *error)
{
    ArenaAllocator state = {.arena = arena, .error = error};
    ProtobufCAllocator allocator = {
        .alloc = allocate_in_arena, .free = free_nothing, .allocator_data = &state};

    *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.size, bytes.data);
    if (state.out_of_memory) {
        return false;
    }
    return *message != NULL ||
           redact_refused(error, "its value is not a %s", descriptor->short_name);
}

bool fields_write_message(const ProtobufCMessage *message, Arena *arena, Slice *bytes, Error *error)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_allocate(arena, size, error);

    if (packed == NULL) {
        return false;
    }
    protobuf_c_message_pack(message, packed);
    *bytes = slice_of(packed, size);
    return true;
}

/* Replaces the text with what the rule makes of it, in the arena, NUL-terminated. */
static bool apply_text_rule(Pseudonyms *names, TextRule *rule, Slice *text, Arena *arena,
                            Error *error)
{
    Buffer redacted = {0};
    char *copy = NULL;

    if (rule(names, *text, &redacted, error)) {
        copy = arena_text(arena, buffer_slice(&redacted), error);
        *text = slice_of(copy, redacted.size);
    }
    buffer_free(&redacted);
    return copy != NULL;
}

static bool redact_embedded(Pseudonyms *names, const ProtobufCMessageDescriptor *descriptor,
                            Slice *bytes, Arena *arena, Error *error)
{
    ProtobufCMessage *message;

    /* Empty in a tombstone, and in an entry whose fields all have their defaults. */
    return bytes->size == 0 || (fields_read_message(descriptor, *bytes, arena, &message, error) &&
                                fields_redact_message(names, message, arena, error) &&
                                fields_write_message(message, arena, bytes, error));
}

/* Redacts the value of a field, or an element of a repeated one, at `member`. */
static bool redact_member(Pseudonyms *names, const FieldRule *rule,
                          const ProtobufCFieldDescriptor *field, void *member, Arena *arena,
                          Error *error)
{
    const bool is_bytes = field->type == PROTOBUF_C_TYPE_BYTES;
    ProtobufCBinaryData *binary = member;
    char **string = member;
    Slice text = {0};

    if (rule->treatment == FIELD_MESSAGE || rule->treatment == FIELD_MAP) {
        return fields_redact_message(names, *(ProtobufCMessage **)member, arena, error);
    }
    if (rule->treatment != FIELD_EMPTIED) {
        text = is_bytes ? slice_of(binary->data, binary->len) : slice_text(*string);
        if (!(rule->treatment == FIELD_EMBEDDED
                  ? redact_embedded(names, rule->message, &text, arena, error)
                  : apply_text_rule(names, rule->text, &text, arena, error))) {
            return false;
        }
    }
    if (is_bytes) {
        *binary = (ProtobufCBinaryData){.len = text.size, .data = (uint8_t *)(uintptr_t)text.data};
    } else {
        *string = (char *)(uintptr_t)text.data;
    }
    return true;
}

/* The key of a pair of a map. */
static const char *pair_key(const void *pair)
{
    const ProtobufCMessage *message = *(ProtobufCMessage *const *)pair;
    const uint8_t *member = (const uint8_t *)message + message->descriptor->fields[0].offset;

    return *(const char *const *)(const void *)member;
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(pair_key(a), pair_key(b));
}

/* The order of a map's pairs has no meaning, but would reveal the order of the names. */
static bool sort_pairs(void *pairs, size_t count, Error *error)
{
    ProtobufCMessage **pair = pairs;

    if (count == 0) {
        return true;
    }
    qsort(pair, count, sizeof(ProtobufCMessage *), compare_pairs);
    for (size_t i = 1; i < count; i++) {
        if (compare_pairs(&pair[i - 1], &pair[i]) == 0) {
            return redact_refused(error, "two keys of a map have the same pseudonym");
        }
    }
    return true;
}

static bool redact_repeated(Pseudonyms *names, const FieldRule *rule,
                            const ProtobufCFieldDescriptor *field, void *elements, size_t count,
                            Arena *arena, Error *error)
{
    const size_t size =
        field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);

    for (size_t i = 0; i < count; i++) {
        if (!redact_member(names, rule, field, (uint8_t *)elements + i * size, arena, error)) {
            return false;
        }
    }
    return rule->treatment != FIELD_MAP || sort_pairs(elements, count, error);
}

static bool redact_field(Pseudonyms *names, const FieldRule *rule,
                         const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                         Arena *arena, Error *error)
{
    void *member = (uint8_t *)message + field->offset;

    if (rule->treatment == FIELD_KEPT) {
        return true;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const void *count = (const uint8_t *)message + field->quantifier_offset;

        return redact_repeated(names, rule, field, *(void **)member, *(const size_t *)count, arena,
                               error);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)member == NULL) {
        return true;
    }
    return redact_member(names, rule, field, member, arena, error);
}

bool fields_redact_message(Pseudonyms *names, ProtobufCMessage *message, Arena *arena, Error *error)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const MessageRule *rule = message_rule_find(descriptor);

    if (rule == NULL) {
        return redact_refused(error, "unknown kind of message: %s", descriptor->short_name);
    }
    if (message->n_unknown_fields > 0) {
        return redact_refused(error, "unknown field %u of its %s",
                              (unsigned)message->unknown_fields[0].tag, descriptor->short_name);
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const FieldRule *field_rule = field_rule_find(rule, field->name);

        if (field_rule == NULL) {
            return redact_refused(error, "unknown field %s of a %s", field->name,
                                  descriptor->short_name);
        }
        if (!redact_field(names, field_rule, field, message, arena, error)) {
            return false;
        }
    }
    return true;
}
