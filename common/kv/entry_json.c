/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/entry_json.h"

#include "common/base/base64.h"
#include "common/base/utf8.h"
#include "common/kv/entry_type.h"
#include "common/kv/time.h"

#include <stdlib.h>

#include "metadata.pb-c.h"
#include "timestamp.pb-c.h"

static json_t *check_json(json_t *json, Error *error)
{
    if (json == NULL) {
        error_out_of_memory(error);
    }
    return json;
}

static json_t *base64_json(Slice bytes, Error *error)
{
    Buffer text = {0};
    json_t *json = NULL;

    if (base64_append(&text, bytes, error)) {
        json = check_json(json_stringn(buffer_string(&text), text.size), error);
    }
    buffer_free(&text);
    return json;
}

static bool is_text(Slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];

        if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
            return false;
        }
    }
    return utf8_is_valid(bytes);
}

json_t *entry_json_bytes(Slice bytes, Error *error)
{
    json_t *text;

    if (is_text(bytes)) {
        return check_json(json_stringn(bytes.size == 0 ? "" : (const char *)bytes.data, bytes.size),
                          error);
    }
    text = base64_json(bytes, error);
    return text == NULL ? NULL : check_json(json_pack("{s:o}", "base64", text), error);
}

static json_t *protobuf_json(const ProtobufCMessage *message, Error *error);

static json_t *time_json(const Kv__Timestamp *time, Error *error)
{
    char text[KV_TIME_TEXT_SIZE];

    if (kv_time_to_text((KvTime){time->seconds, time->nanos}, text)) {
        return check_json(json_string(text), error);
    }
    return check_json(
        json_pack("{s:I, s:i}", "seconds", (json_int_t)time->seconds, "nanos", (int)time->nanos),
        error);
}

static json_t *enum_json(const ProtobufCEnumDescriptor *descriptor, int value, Error *error)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(descriptor, value);

    return check_json(named == NULL ? json_integer(value) : json_string(named->name), error);
}

/* Encodes the value at `member`: of a field, or an element of a repeated one.  Supports the types
 * used in the .proto files of this folder. */
static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *member, Error *error)
{
    const ProtobufCBinaryData *binary;
    const char *text;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        return check_json(json_integer(*(const int32_t *)member), error);
    case PROTOBUF_C_TYPE_INT64:
        return check_json(json_integer(*(const int64_t *)member), error);
    case PROTOBUF_C_TYPE_BOOL:
        return check_json(json_boolean(*(const protobuf_c_boolean *)member), error);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_json(field->descriptor, *(const int *)member, error);
    case PROTOBUF_C_TYPE_STRING:
        /* Another program wrote it, so it may not be valid UTF-8. */
        text = *(const char *const *)member;
        return entry_json_bytes(slice_text(text), error);
    case PROTOBUF_C_TYPE_BYTES:
        binary = member;
        return entry_json_bytes(slice_of(binary->data, binary->len), error);
    case PROTOBUF_C_TYPE_MESSAGE:
        return protobuf_json(*(const ProtobufCMessage *const *)member, error);
    default:
        break;
    }
    error_set(error, EXIT_CODE_FAILED, "field %s is of an unknown type", field->name);
    return NULL;
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE
               ? sizeof(void *)
               : sizeof(int32_t);
}

/* Takes over the value; false if it is NULL. */
static bool add_member(json_t *object, const char *name, json_t *value, Error *error)
{
    return value != NULL &&
           (json_object_set_new(object, name, value) == 0 || error_out_of_memory(error));
}

/* Encodes a map<string, string> as an object. */
static json_t *map_json(Kv__MetadataEntry *const *entries, size_t count, Error *error)
{
    json_t *object = check_json(json_object(), error);
    bool done = object != NULL;

    for (size_t i = 0; done && i < count; i++) {
        done = add_member(object, entries[i]->key,
                          entry_json_bytes(slice_text(entries[i]->value), error), error);
    }
    if (!done) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *repeated_json(const ProtobufCFieldDescriptor *field, const uint8_t *elements,
                             size_t count, Error *error)
{
    json_t *array;
    bool done;

    if (field->descriptor == &kv__metadata_entry__descriptor) {
        return map_json((Kv__MetadataEntry *const *)(const void *)elements, count, error);
    }
    array = check_json(json_array(), error);
    done = array != NULL;
    for (size_t i = 0; done && i < count; i++) {
        json_t *element = value_json(field, elements + i * element_size(field), error);

        done = element != NULL &&
               (json_array_append_new(array, element) == 0 || error_out_of_memory(error));
    }
    if (!done) {
        json_decref(array);
        return NULL;
    }
    return array;
}

/* Tells whether a non-repeated field has its default value, which proto3 does not write. */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *member)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return **(const char *const *)member == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(const void *const *)member == NULL;
    case PROTOBUF_C_TYPE_INT64:
        return *(const int64_t *)member == 0;
    default:
        return *(const int32_t *)member == 0;
    }
}

static bool add_field(json_t *object, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, Error *error)
{
    const uint8_t *member = (const uint8_t *)message + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count =
            *(const size_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);

        return count == 0 ||
               add_member(object, field->name,
                          repeated_json(field, *(const uint8_t *const *)(const void *)member, count,
                                        error),
                          error);
    }
    return is_default(field, member) ||
           add_member(object, field->name, value_json(field, member, error), error);
}

static json_t *protobuf_json(const ProtobufCMessage *message, Error *error)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    json_t *object;
    bool done;

    if (descriptor == &kv__timestamp__descriptor) {
        return time_json((const Kv__Timestamp *)message, error);
    }
    object = check_json(json_object(), error);
    done = object != NULL;
    for (unsigned i = 0; done && i < descriptor->n_fields; i++) {
        done = add_field(object, message, &descriptor->fields[i], error);
    }
    if (!done) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* Decodes the value according to its type; *type becomes "bytes" if it does not match. */
static json_t *decode_value(KvEntryType *type, Slice value, Error *error)
{
    ProtobufCMessage *message = NULL;
    json_t *json;

    if (type->form == KV_VALUE_MESSAGE) {
        message = protobuf_c_message_unpack(type->message, NULL, value.size, value.data);
    }
    if (message == NULL) {
        if (type->form == KV_VALUE_MESSAGE) {
            *type = (KvEntryType){"bytes", KV_VALUE_BYTES, NULL};
        }
        return entry_json_bytes(value, error);
    }
    json = protobuf_json(message, error);
    protobuf_c_message_free_unpacked(message, NULL);
    return json;
}

json_t *entry_json_decoded(Slice partition_key, Slice key, Slice value, Error *error)
{
    KvEntryType type = kv_entry_type(partition_key, key, value);
    json_t *decoded = decode_value(&type, value, error);
    json_t *partition_json = decoded == NULL ? NULL : entry_json_bytes(partition_key, error);
    json_t *key_json = partition_json == NULL ? NULL : entry_json_bytes(key, error);

    if (key_json == NULL) {
        json_decref(decoded);
        json_decref(partition_json);
        return NULL;
    }
    return check_json(json_pack("{s:o, s:o, s:s, s:o}", "partition", partition_json, "key",
                                key_json, "type", type.name, "value", decoded),
                      error);
}

json_t *entry_json_raw(Slice partition_key, Slice key, Slice value, Error *error)
{
    json_t *texts[] = {base64_json(partition_key, error), base64_json(key, error),
                       base64_json(value, error)};

    /* json_pack frees its arguments even when one of them is NULL. */
    return check_json(
        json_pack("{s:o, s:o, s:o}", "partition_key", texts[0], "key", texts[1], "value", texts[2]),
        error);
}
