/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/repository_copy.h"

#include "common/kv/model.h"
#include "common/kv/wire.h"
#include "common/kv/xid.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

static bool fill_random(uint8_t *bytes, size_t size, Error *error)
{
    return getrandom(bytes, size, 0) == (ssize_t)size ||
           error_set(error, EXIT_CODE_FAILED, "the system has no random numbers");
}

static bool new_instance_id(char text[XID_TEXT_SIZE + 1], Error *error)
{
    uint8_t tail[XID_TAIL_SIZE];

    if (!fill_random(tail, sizeof tail, error)) {
        return false;
    }
    xid_to_text(xid_make((int64_t)time(NULL), tail), text);
    return true;
}

/* Appends a field of bytes. */
static bool append_field(Buffer *message, uint32_t number, Slice bytes, Error *error)
{
    enum { MORE = 0x80, BITS = 7, TYPE_BITS = 3, MAX_BYTES = 10 };
    uint8_t start[1 + MAX_BYTES];
    size_t size = 0;
    size_t rest = bytes.size;

    start[size++] = (uint8_t)(number << TYPE_BITS | WIRE_BYTES);
    while (rest >= MORE) {
        start[size++] = (uint8_t)(rest | MORE);
        rest >>= BITS;
    }
    start[size++] = (uint8_t)rest;
    return buffer_append(message, start, size, error) &&
           buffer_append(message, bytes.data, bytes.size, error);
}

/* Replaces `copy` by the message with other contents of some fields of bytes: those for which the
 * function finds one. */
typedef bool ReplaceFunction(const void *state, const WireField *field, Slice *bytes);

static bool replace_fields(Slice message, ReplaceFunction *function, const void *state,
                           Buffer *copy, Error *error)
{
    copy->size = 0;
    while (message.size > 0) {
        Slice rest = message;
        WireField field;
        Slice bytes;

        if (!wire_next(&message, &field)) {
            /* What cannot be read stays as it is; whoever needs it has refused it before. */
            return buffer_append(copy, rest.data, rest.size, error);
        }
        if (field.type == WIRE_BYTES && function(state, &field, &bytes)
                ? !append_field(copy, field.number, bytes, error)
                : !buffer_append(copy, field.whole.data, field.whole.size, error)) {
            return false;
        }
    }
    return true;
}

/* The new fields of a record. */
typedef struct RecordFields {
    Slice id;
    Slice storage_namespace;
    Slice instance_id;
} RecordFields;

static bool replace_in_record(const void *state, const WireField *field, Slice *bytes)
{
    const RecordFields *fields = state;

    switch (field->number) {
    case KV_REPOSITORY_ID_FIELD:
        *bytes = fields->id;
        return true;
    case KV_REPOSITORY_NAMESPACE_FIELD:
        *bytes = fields->storage_namespace;
        return true;
    case KV_REPOSITORY_INSTANCE_FIELD:
        *bytes = fields->instance_id;
        return true;
    default:
        return false;
    }
}

/* lakeFS's rule for ids, in all versions. */
static bool check_id(const char *id, Error *error)
{
    enum { SHORTEST = 3, LONGEST = 63 };
    size_t size = strlen(id);

    if (size >= SHORTEST && size <= LONGEST && id[0] != '-' &&
        strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == size) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "lakeFS takes no repository with the name \"%.200s\"", id);
    return error_hint(error,
                      "A name has %d to %d lower-case letters, digits and hyphens, and does "
                      "not begin with a hyphen.",
                      SHORTEST, LONGEST);
}

bool kv_repository_copy_begin(const KvRepository *from, const KvRepositoryChange *change,
                              KvRepository *to, Error *error)
{
    KvRepositoryRecord record;
    char instance_id[XID_TEXT_SIZE + 1];
    RecordFields fields;
    Buffer value = {0};
    bool done;

    if ((change->id != NULL && !check_id(change->id, error)) ||
        (change->new_instance && !new_instance_id(instance_id, error))) {
        return false;
    }
    /* kv_repository_set has read it. */
    kv_repository_read(buffer_slice(&from->record), &record);
    fields = (RecordFields){.id = change->id == NULL ? record.id : slice_text(change->id),
                            .storage_namespace = change->storage_namespace == NULL
                                                     ? record.storage_namespace
                                                     : slice_text(change->storage_namespace),
                            .instance_id = change->new_instance ? slice_text(instance_id)
                                                                : record.instance_id};
    done = replace_fields(buffer_slice(&from->record), replace_in_record, &fields, &value, error) &&
           /* A field that is not there cannot be replaced. */
           (record.storage_namespace.size > 0 || change->storage_namespace == NULL ||
            append_field(&value, KV_REPOSITORY_NAMESPACE_FIELD, fields.storage_namespace, error)) &&
           kv_repository_set(to, fields.id, buffer_slice(&value), error);
    buffer_free(&value);
    return done;
}

/* Appends a UUID of version 4. */
static bool append_uuid(Buffer *text, Error *error)
{
    enum { SIZE = 16, VERSION = 6, VARIANT = 8 };
    uint8_t bytes[SIZE];
    bool done;

    if (!fill_random(bytes, sizeof bytes, error)) {
        return false;
    }
    bytes[VERSION] = (uint8_t)((bytes[VERSION] & 0x0f) | 0x40);
    bytes[VARIANT] = (uint8_t)((bytes[VARIANT] & 0x3f) | 0x80);
    done = true;
    for (size_t i = 0; done && i < SIZE; i++) {
        done = buffer_append_format(text, error, "%s%02x",
                                    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    }
    return done;
}

/* The branch's name in a token of lakeFS's form, "<repository>-<branch>:<UUID>"; empty in
 * another. */
static Slice branch_in_token(const KvRepository *repository, Slice token)
{
    enum { UUID_TEXT = 36 };
    size_t begin = repository->id.size + 1;

    return token.size > begin + 1 + UUID_TEXT &&
                   slice_equal(slice_of(token.data, begin - 1), buffer_slice(&repository->id)) &&
                   token.data[begin - 1] == '-' && token.data[token.size - UUID_TEXT - 1] == ':'
               ? slice_of(token.data + begin, token.size - UUID_TEXT - 1 - begin)
               : (Slice){0};
}

bool kv_repository_renew_token(KvRepository *from, const KvRepository *to, Slice token,
                               Error *error)
{
    Slice branch = branch_in_token(from, token);
    Buffer name = {0};
    bool done = buffer_append(&name, to->id.data, to->id.size, error) &&
                buffer_append_text(&name, "-", error) &&
                buffer_append(&name, branch.data, branch.size, error) &&
                buffer_append_text(&name, ":", error) && append_uuid(&name, error) &&
                byte_map_set(&from->tokens, token, buffer_slice(&name), error);

    buffer_free(&name);
    return done;
}

Slice kv_repository_copied_token(const KvRepository *from, Slice token)
{
    Slice name;

    return byte_map_value(&from->tokens, token, &name) ? name : token;
}

static bool replace_in_branch(const void *state, const WireField *field, Slice *bytes)
{
    const KvRepository *from = state;

    return (field->number == KV_BRANCH_TOKEN_FIELD || field->number == KV_BRANCH_SEALED_FIELD) &&
           byte_map_value(&from->tokens, field->bytes, bytes);
}

static bool replace_in_index(const void *state, const WireField *field, Slice *bytes)
{
    const Slice *key = state;

    *bytes = *key;
    return field->number == KV_INDEX_KEY_FIELD;
}

/* Replaces the first `size` bytes of a key. */
static bool replace_prefix(Slice key, size_t size, Slice prefix, Buffer *copy, Error *error)
{
    copy->size = 0;
    return buffer_append(copy, prefix.data, prefix.size, error) &&
           buffer_append(copy, key.data + size, key.size - size, error);
}

/* The index of a run holds the run's key. */
static bool copy_index(const KvRepository *from, const KvRepository *to, Slice value,
                       KvCopyScratch *scratch, Error *error)
{
    Slice rest = value;
    WireField field;
    Buffer key = {0};
    Slice replaced;
    bool done;

    /* kv_repository_part has read it. */
    wire_next(&rest, &field);
    done = replace_prefix(field.bytes, from->actions.size, buffer_slice(&to->actions), &key, error);
    replaced = buffer_slice(&key);
    done = done && replace_fields(value, replace_in_index, &replaced, &scratch->value, error);
    buffer_free(&key);
    return done;
}

/* Sets the parts of the copy that differ from the entry. */
static bool change_entry(const KvRepository *from, const KvRepository *to, KvRepositoryPart part,
                         KvCopyScratch *scratch, Entry *entry, Error *error)
{
    const Slice value = entry->value;

    switch (part) {
    case KV_PART_RECORD:
        entry->key = buffer_slice(&to->key);
        entry->value = buffer_slice(&to->record);
        return true;
    case KV_PART_STAGED:
        entry->partition_key = kv_repository_copied_token(from, entry->partition_key);
        return true;
    case KV_PART_RUN:
    case KV_PART_RUN_TASK:
    case KV_PART_RUN_INDEX:
        if (!replace_prefix(entry->key, from->actions.size, buffer_slice(&to->actions),
                            &scratch->key, error) ||
            (part == KV_PART_RUN_INDEX && !copy_index(from, to, value, scratch, error))) {
            return false;
        }
        entry->key = buffer_slice(&scratch->key);
        entry->value = part == KV_PART_RUN_INDEX ? buffer_slice(&scratch->value) : value;
        return true;
    case KV_PART_PULL_INDEX:
        if (!replace_prefix(entry->key, from->pulls.size, buffer_slice(&to->pulls), &scratch->key,
                            error)) {
            return false;
        }
        entry->key = buffer_slice(&scratch->key);
        return true;
    case KV_PART_BRANCH:
        if (!replace_fields(value, replace_in_branch, from, &scratch->value, error)) {
            return false;
        }
        entry->value = buffer_slice(&scratch->value);
        break;
    default:
        break;
    }
    entry->partition_key = buffer_slice(&to->partition);
    return true;
}

bool kv_repository_copy_entry(const KvRepository *from, const KvRepository *to,
                              KvRepositoryPart part, const Entry *entry, KvCopyScratch *scratch,
                              Buffer *tuples, Error *error)
{
    Entry copy = *entry;
    uint8_t *value;

    if (!change_entry(from, to, part, scratch, &copy, error) ||
        !entry_append(tuples, copy.partition_key, copy.key, copy.value.size, &value, error)) {
        return false;
    }
    if (copy.value.size > 0) {
        memcpy(value, copy.value.data, copy.value.size);
    }
    return true;
}

void kv_copy_scratch_free(KvCopyScratch *scratch)
{
    buffer_free(&scratch->key);
    buffer_free(&scratch->value);
}
