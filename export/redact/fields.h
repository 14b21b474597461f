/*
 * What is done with each field of each message of the KV model: the one table that says so.
 *
 * A message or a field that the table does not know is an error: what is added to the model later
 * does not leave the house until somebody has thought of it.
 */
#ifndef EXPORT_REDACT_FIELDS_H
#define EXPORT_REDACT_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"
#include "export/redact/texts.h"

typedef enum FieldTreatment {
    FIELD_KEPT,    /* a number, a flag, an enum */
    FIELD_EMPTIED, /* a secret: as if it had never been set */
    FIELD_TEXT,    /* text or bytes, redacted by a rule */
    FIELD_MESSAGE, /* a message or several, field by field */
    FIELD_MAP,     /* likewise, the pairs of a map, whose first field is the key */
    FIELD_EMBEDDED /* bytes that are a message in themselves */
} FieldTreatment;

typedef struct FieldRule {
    const char *field;
    FieldTreatment treatment;
    TextRule *text;                            /* of FIELD_TEXT */
    const ProtobufCMessageDescriptor *message; /* of FIELD_EMBEDDED */
} FieldRule;

typedef struct MessageRule {
    const ProtobufCMessageDescriptor *message;
    const FieldRule *fields; /* the last one's name is NULL */
} MessageRule;

/* The table.  NULL where it does not know the message, or the field. */
const MessageRule *message_rule_find(const ProtobufCMessageDescriptor *message);
const FieldRule *field_rule_find(const MessageRule *rule, const char *field);

/* Reads a message into the arena.  False, as refused, when the bytes are none. */
bool fields_read_message(const ProtobufCMessageDescriptor *descriptor, Slice bytes, Arena *arena,
                         ProtobufCMessage **message, Error *error);

/* Redacts a message that was read, in place; what is new in it lies in the arena, too.  False, as
 * refused, for what the table does not know. */
bool fields_redact_message(Pseudonyms *names, ProtobufCMessage *message, Arena *arena,
                           Error *error);

/* Writes a message to the arena. */
bool fields_write_message(const ProtobufCMessage *message, Arena *arena, Slice *bytes,
                          Error *error);

#endif
