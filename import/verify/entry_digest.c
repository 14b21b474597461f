/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/entry_digest.h"

#include "common/base/bytes.h"
#include "common/kv/entry_type.h"
#include "common/kv/wire.h"

#include <string.h>

/* The message in a field: an embedded one, or NULL. */
static const ProtobufCMessageDescriptor *message_in(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : kv_embedded_message(field);
}

/* Whether a map of the message has several pairs.  False for what is no such message: then its
 * bytes are compared. */
static bool has_pairs(const ProtobufCMessageDescriptor *descriptor, Slice message)
{
    const ProtobufCFieldDescriptor *map = NULL;
    bool found = false;
    WireField field;

    while (message.size > 0) {
        const ProtobufCFieldDescriptor *known;

        if (!wire_next(&message, &field)) {
            return false;
        }
        known = field.type == WIRE_BYTES
                    ? protobuf_c_message_descriptor_get_field(descriptor, field.number)
                    : NULL;
        if (known == NULL || message_in(known) == NULL) {
            continue;
        }
        found = found || (known == map && wire_is_map(map)) ||
                has_pairs(message_in(known), field.bytes);
        map = known;
    }
    return found;
}

/* A digest of a number and of bytes. */
static void add_part(SetDigest *digest, uint64_t number, Slice bytes)
{
    struct {
        uint8_t number[8];
        SetDigest content;
    } part = {.content = {0}};

    store_le64(part.number, number);
    set_digest_add_tuple(&part.content, bytes);
    set_digest_add_tuple(digest, slice_of(&part, sizeof part));
}

static void add_message(SetDigest *digest, const ProtobufCMessageDescriptor *descriptor,
                        Slice message);

/* The digest of a field's content; that of a message is the message's. */
static SetDigest content_digest(const ProtobufCMessageDescriptor *inner, const WireField *field)
{
    SetDigest content = {0};

    if (inner == NULL || !has_pairs(inner, field->bytes)) {
        set_digest_add_tuple(&content, field->whole);
    } else {
        add_message(&content, inner, field->bytes);
        add_part(&content, field->number, slice_text(""));
    }
    return content;
}

/*
 * Adds a digest for each field: of its content and of how many fields came before it, but for the
 * pairs of maps.  So the sum depends on the order of fields, but not on that of pairs.
 */
static void add_message(SetDigest *digest, const ProtobufCMessageDescriptor *descriptor,
                        Slice message)
{
    uint64_t before = 0;
    WireField field;

    while (message.size > 0 && wire_next(&message, &field)) {
        const ProtobufCFieldDescriptor *known =
            field.type == WIRE_BYTES
                ? protobuf_c_message_descriptor_get_field(descriptor, field.number)
                : NULL;
        const bool pair = known != NULL && wire_is_map(known);
        SetDigest content = content_digest(known == NULL ? NULL : message_in(known), &field);

        add_part(digest, pair ? UINT64_MAX : before, slice_of(&content, sizeof content));
        before += pair ? 0 : 1;
    }
}

/* The digest of the message in a value; false if it is that of the bytes which counts. */
static bool message_digest(const Entry *entry, SetDigest *digest)
{
    KvEntryType type = kv_entry_type(entry->partition_key, entry->key, entry->value);

    *digest = (SetDigest){0};
    if (type.form != KV_VALUE_MESSAGE || !has_pairs(type.message, entry->value)) {
        return false;
    }
    add_message(digest, type.message, entry->value);
    return true;
}

void entry_digest_add(SetDigest *digest, const Entry *entry, Slice tuple)
{
    const uint8_t *end = entry->key.data + entry->key.size;
    SetDigest content;

    if (!message_digest(entry, &content)) {
        set_digest_add_tuple(digest, tuple);
        return;
    }
    set_digest_add_tuple(&content, slice_of(tuple.data, (size_t)(end - tuple.data)));
    set_digest_add_tuple(digest, slice_of(&content, sizeof content));
}

SetDigest entry_value_digest(const Entry *entry)
{
    SetDigest digest;

    if (!message_digest(entry, &digest)) {
        set_digest_add_tuple(&digest, entry->value);
    }
    return digest;
}

SetDigest entry_field_digest(Slice message, const ProtobufCFieldDescriptor *known)
{
    SetDigest digest = {0};
    uint64_t before = 0;
    WireField field;

    while (message.size > 0 && wire_next(&message, &field)) {
        SetDigest content;

        if (field.number != known->id) {
            continue;
        }
        content = content_digest(field.type == WIRE_BYTES ? message_in(known) : NULL, &field);
        add_part(&digest, wire_is_map(known) ? UINT64_MAX : before,
                 slice_of(&content, sizeof content));
        before++;
    }
    return digest;
}
