/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts messages of the KV model, by a table of every field of every message.
 *
 * A message or field that is not in the table is an error, so that nothing added to the model later
 * is exported before somebody has decided how to redact it.
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
    FIELD_EMPTIED, /* a secret: removed */
    FIELD_TEXT,    /* text or bytes, redacted by a rule */
    FIELD_MESSAGE, /* a message or several, field by field */
    FIELD_MAP,     /* the pairs of a map, field by field; the first field is the key */
    FIELD_EMBEDDED /* bytes that contain a message */
} FieldTreatment;

typedef struct FieldRule {
    const char *field;
    FieldTreatment treatment;
    TextRule *text;                            /* of FIELD_TEXT */
    const ProtobufCMessageDescriptor *message; /* of FIELD_EMBEDDED */
} FieldRule;

typedef struct MessageRule {
    const ProtobufCMessageDescriptor *message;
    const FieldRule *fields; /* ends with a name of NULL */
} MessageRule;

/* Look up a message or a field in the table; NULL if it is not there. */
const MessageRule *message_rule_find(const ProtobufCMessageDescriptor *message);
const FieldRule *field_rule_find(const MessageRule *rule, const char *field);

/* Unpacks a message into the arena.  Refuses bytes that are not such a message. */
bool fields_read_message(const ProtobufCMessageDescriptor *descriptor, Slice bytes, Arena *arena,
                         ProtobufCMessage **message, Error *error);

/* Redacts an unpacked message in place; new contents are in the arena, too.  Refuses anything that
 * is not in the table. */
bool fields_redact_message(Pseudonyms *names, ProtobufCMessage *message, Arena *arena,
                           Error *error);

/* Packs a message into the arena. */
bool fields_write_message(const ProtobufCMessage *message, Arena *arena, Slice *bytes,
                          Error *error);

#endif
