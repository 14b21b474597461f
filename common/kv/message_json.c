/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/message_json.h"

#include "common/base/base64.h"
#include "common/base/json_quote.h"
#include "common/base/utf8.h"
#include "common/kv/entry_type.h"
#include "common/kv/time.h"
#include "common/kv/wire.h"

#include <inttypes.h>

#include "auth.pb-c.h"
#include "graveler.pb-c.h"
#include "secondary_index.pb-c.h"
#include "timestamp.pb-c.h"

typedef struct Writer {
    Buffer *json;
    Error *error;
    bool valid; /* the bytes are the message that they should be */
} Writer;

static bool put(Writer *writer, const char *text)
{
    return buffer_append_text(writer->json, text, writer->error);
}

static bool put_integer(Writer *writer, int64_t integer)
{
    enum { DIGITS = 20 };
    char text[DIGITS];
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    size_t first = DIGITS;

    do {
        text[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    return (integer >= 0 || put(writer, "-")) &&
           buffer_append(writer->json, text + first, DIGITS - first, writer->error);
}

static bool is_invalid(Writer *writer)
{
    writer->valid = false;
    return false;
}

bool message_json_append_text(Buffer *json, Slice text, Error *error)
{
    return utf8_is_valid(text) ? json_quote_text(json, text, error)
                               : json_quote_base64(json, text, error);
}

bool message_json_append_bytes(Buffer *json, Slice bytes, Error *error)
{
    return json_quote_is_plain(bytes) ? json_quote_text(json, bytes, error)
                                      : json_quote_base64(json, bytes, error);
}

static bool put_message(Writer *writer, const ProtobufCMessageDescriptor *descriptor,
                        Slice message);

/* The fields of bytes that hold a key, or a part of one. */
static bool holds_key(const ProtobufCFieldDescriptor *field)
{
    return field == &kv__staged_entry_data__descriptor.fields[0] ||
           field == &kv__secondary_index__descriptor.fields[0] ||
           field == protobuf_c_message_descriptor_get_field(&kv__credential_data__descriptor, 4);
}

/* Bytes that hold a message are shown as bytes if they do not. */
static bool put_embedded(Writer *writer, const ProtobufCMessageDescriptor *embedded, Slice bytes)
{
    bool valid;

    return message_json_append(writer->json, embedded, bytes, &valid, writer->error) &&
           (valid || message_json_append_bytes(writer->json, bytes, writer->error));
}

static bool put_bytes(Writer *writer, const ProtobufCFieldDescriptor *field, Slice bytes)
{
    const ProtobufCMessageDescriptor *embedded = kv_embedded_message(field);

    if (embedded != NULL) {
        return put_embedded(writer, embedded, bytes);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return message_json_append_text(writer->json, bytes, writer->error);
    }
    return holds_key(field) ? json_quote_bytes(writer->json, bytes, writer->error)
                            : message_json_append_bytes(writer->json, bytes, writer->error);
}

static bool put_enum(Writer *writer, const ProtobufCEnumDescriptor *descriptor, int32_t value)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(descriptor, value);

    return named == NULL ? put_integer(writer, value)
                         : put(writer, "\"") && put(writer, named->name) && put(writer, "\"");
}

static bool put_number(Writer *writer, const ProtobufCFieldDescriptor *field, uint64_t number)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return put(writer, number != 0 ? "true" : "false");
    case PROTOBUF_C_TYPE_ENUM:
        return put_enum(writer, field->descriptor, (int32_t)number);
    case PROTOBUF_C_TYPE_INT32:
        return put_integer(writer, (int32_t)number);
    default:
        return put_integer(writer, (int64_t)number);
    }
}

static bool read_time(Slice message, KvTime *time)
{
    *time = (KvTime){0};
    while (message.size > 0) {
        WireField field;

        if (!wire_next(&message, &field) || field.type != WIRE_VARINT || field.number > 2) {
            return false;
        }
        if (field.number == 1) {
            time->seconds = (int64_t)field.integer;
        } else {
            time->nanos = (int32_t)field.integer;
        }
    }
    return true;
}

/* A time that is none of the calendar's is shown field by field. */
static bool put_time(Writer *writer, Slice message)
{
    char text[KV_TIME_TEXT_SIZE];
    KvTime time;

    if (!read_time(message, &time) || !kv_time_to_text(time, text)) {
        return put_message(writer, &kv__timestamp__descriptor, message);
    }
    return put(writer, "\"") && put(writer, text) && put(writer, "\"");
}

static bool put_value(Writer *writer, const ProtobufCFieldDescriptor *field, const WireField *value)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return field->descriptor == &kv__timestamp__descriptor
                   ? put_time(writer, value->bytes)
                   : put_message(writer, field->descriptor, value->bytes);
    }
    return value->type == WIRE_BYTES ? put_bytes(writer, field, value->bytes)
                                     : put_number(writer, field, value->integer);
}

static bool put_separator(Writer *writer, bool *first)
{
    bool done = *first || put(writer, ",");

    *first = false;
    return done;
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_STRING &&
           field->type != PROTOBUF_C_TYPE_BYTES;
}

static bool put_packed(Writer *writer, const ProtobufCFieldDescriptor *field, Slice numbers,
                       bool *first)
{
    while (numbers.size > 0) {
        uint64_t number;

        if (!wire_next_packed(&numbers, &number)) {
            return is_invalid(writer);
        }
        if (!put_separator(writer, first) || !put_number(writer, field, number)) {
            return false;
        }
    }
    return true;
}

/* Of several fields with the number, the last counts.  An absent one is an empty field. */
static bool find_last(Slice message, uint32_t number, WireField *found)
{
    WireField field;

    *found = (WireField){.type = WIRE_BYTES};
    while (message.size > 0) {
        if (!wire_next(&message, &field)) {
            return false;
        }
        if (field.number == number) {
            *found = field;
        }
    }
    return true;
}

/* Appends the pair of a map as a member. */
static bool put_pair(Writer *writer, const ProtobufCMessageDescriptor *descriptor, Slice pair)
{
    WireField key;
    WireField value;

    if (!find_last(pair, 1, &key) || !find_last(pair, 2, &value) ||
        !wire_matches(&key, &descriptor->fields[0]) ||
        !wire_matches(&value, &descriptor->fields[1])) {
        return is_invalid(writer);
    }
    return (utf8_is_valid(key.bytes) ? json_quote_text : json_quote_bytes)(writer->json, key.bytes,
                                                                           writer->error) &&
           put(writer, ":") && put_value(writer, &descriptor->fields[1], &value);
}

static bool put_repeated(Writer *writer, const ProtobufCFieldDescriptor *field, Slice message)
{
    const bool map = wire_is_map(field);
    bool first = true;
    bool done = put(writer, map ? "{" : "[");
    WireField value;

    while (done && message.size > 0 && wire_next(&message, &value)) {
        if (value.number != field->id) {
            continue;
        }
        if (value.type == WIRE_BYTES && is_number(field)) {
            done = put_packed(writer, field, value.bytes, &first);
        } else {
            done = put_separator(writer, &first) &&
                   (map ? put_pair(writer, field->descriptor, value.bytes)
                        : put_value(writer, field, &value));
        }
    }
    return done && put(writer, map ? "}" : "]");
}

/* Whether a field that is not repeated has its default, which proto3 does not write. */
static bool is_default(const ProtobufCFieldDescriptor *field, const WireField *value)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE && value->bytes.size == 0 && value->integer == 0;
}

static bool put_name(Writer *writer, const char *name, bool *first)
{
    return put_separator(writer, first) && put(writer, "\"") && put(writer, name) &&
           put(writer, "\":");
}

static bool put_field(Writer *writer, const ProtobufCFieldDescriptor *field, Slice message,
                      bool *first)
{
    WireField value;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return put_name(writer, field->name, first) && put_repeated(writer, field, message);
    }
    if (!find_last(message, field->id, &value)) {
        return is_invalid(writer);
    }
    return is_default(field, &value) ||
           (put_name(writer, field->name, first) && put_value(writer, field, &value));
}

/* Which fields of its descriptor a message has, a bit each, and how many bytes of others. */
static bool survey(const ProtobufCMessageDescriptor *descriptor, Slice message, uint64_t *present,
                   size_t *unknown)
{
    *present = 0;
    *unknown = 0;
    while (message.size > 0) {
        const ProtobufCFieldDescriptor *known;
        WireField field;

        if (!wire_next(&message, &field)) {
            return false;
        }
        known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
        if (known == NULL) {
            *unknown += field.whole.size;
        } else if (!wire_matches(&field, known)) {
            return false;
        } else {
            *present |= UINT64_C(1) << (known - descriptor->fields);
        }
    }
    return true;
}

static bool put_unknown(Writer *writer, const ProtobufCMessageDescriptor *descriptor, Slice message,
                        bool *first)
{
    Buffer unknown = {0};
    WireField field;
    bool done = true;

    while (done && message.size > 0 && wire_next(&message, &field)) {
        if (protobuf_c_message_descriptor_get_field(descriptor, field.number) == NULL) {
            done = buffer_append(&unknown, field.whole.data, field.whole.size, writer->error);
        }
    }
    done = done && put_name(writer, "unknown_fields", first) &&
           json_quote_base64(writer->json, buffer_slice(&unknown), writer->error);
    buffer_free(&unknown);
    return done;
}

static bool put_message(Writer *writer, const ProtobufCMessageDescriptor *descriptor, Slice message)
{
    uint64_t present;
    size_t unknown;
    bool first = true;
    bool done;

    if (!survey(descriptor, message, &present, &unknown)) {
        return is_invalid(writer);
    }
    done = put(writer, "{");
    for (unsigned i = 0; done && i < descriptor->n_fields; i++) {
        done = (present & UINT64_C(1) << i) == 0 ||
               put_field(writer, &descriptor->fields[i], message, &first);
    }
    return done && (unknown == 0 || put_unknown(writer, descriptor, message, &first)) &&
           put(writer, "}");
}

bool message_json_append(Buffer *json, const ProtobufCMessageDescriptor *descriptor, Slice message,
                         bool *valid, Error *error)
{
    Writer writer = {.json = json, .error = error, .valid = true};
    size_t size = json->size;
    bool done = put_message(&writer, descriptor, message);

    *valid = writer.valid;
    if (!writer.valid) {
        json->size = size;
        return true;
    }
    return done;
}
