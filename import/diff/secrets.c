/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/secrets.h"

#include "common/kv/entry_type.h"
#include "common/kv/wire.h"
#include "import/diff/fields.h"

#include <string.h>

#include "auth.pb-c.h"

/* The name of a message's secret field; NULL if it has none. */
static const ProtobufCFieldDescriptor *secret_of(const ProtobufCMessageDescriptor *message)
{
    if (message == &kv__user_data__descriptor) {
        return protobuf_c_message_descriptor_get_field_by_name(message, "encrypted_password");
    }
    if (message == &kv__credential_data__descriptor) {
        return protobuf_c_message_descriptor_get_field_by_name(message,
                                                               "secret_access_key_encrypted_bytes");
    }
    return NULL;
}

/* Appends a field with a text of less than 128 bytes. */
static bool append_text(Buffer *message, uint32_t number, const char *text, Error *error)
{
    enum { TYPE_BITS = 3 };
    const uint8_t head[] = {(uint8_t)(number << TYPE_BITS | WIRE_BYTES), (uint8_t)strlen(text)};

    return buffer_append(message, head, sizeof head, error) &&
           buffer_append_text(message, text, error);
}

/* Copies the message with a text in place of its secret; *valid tells whether it is one. */
static bool copy_message(Slice message, const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCFieldDescriptor *secret, const char *text, Buffer *copy,
                         bool *valid, Error *error)
{
    while (message.size > 0) {
        const ProtobufCFieldDescriptor *known;
        WireField field;
        bool done = true;

        *valid = wire_next(&message, &field);
        if (!*valid) {
            return true;
        }
        known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
        *valid = known == NULL || wire_matches(&field, known);
        if (!*valid) {
            return true;
        }
        if (known == secret) {
            done = append_text(copy, field.number, text, error);
        } else if (known != NULL) {
            done = buffer_append(copy, field.whole.data, field.whole.size, error);
        }
        if (!done) {
            return false;
        }
    }
    *valid = true;
    return true;
}

bool secrets_hide(const Entry *entry, const Entry *other, Buffer *buffer, Entry *shown,
                  Error *error)
{
    const ProtobufCMessageDescriptor *descriptor =
        kv_entry_type(entry->partition_key, entry->key, entry->value).message;
    const ProtobufCFieldDescriptor *secret = descriptor == NULL ? NULL : secret_of(descriptor);
    const char *text = "(hidden)";
    bool valid;

    *shown = *entry;
    if (secret == NULL) {
        return true;
    }
    if (other != NULL && field_differs(entry->value, other->value, secret)) {
        text = "(hidden, differs)";
    }
    buffer->size = 0;
    if (!copy_message(entry->value, descriptor, secret, text, buffer, &valid, error)) {
        return false;
    }
    if (!valid) {
        buffer->size = 0;
        if (!buffer_append_text(buffer, "(hidden)", error)) {
            return false;
        }
    }
    shown->value = buffer_slice(buffer);
    return true;
}
