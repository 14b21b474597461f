/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Determines the type of an entry's value from the entry itself.
 *
 * Source: common/kv/KV-MODEL.md, "Messages".
 */
#ifndef COMMON_KV_ENTRY_TYPE_H
#define COMMON_KV_ENTRY_TYPE_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/slice.h"

typedef enum KvValueForm {
    KV_VALUE_BYTES,  /* unknown, or opaque bytes */
    KV_VALUE_TEXT,   /* plain text */
    KV_VALUE_MESSAGE /* a protobuf message */
} KvValueForm;

typedef struct KvEntryType {
    const char *name; /* "UserData", "text", "bytes" ... */
    KvValueForm form;
    const ProtobufCMessageDescriptor *message; /* of KV_VALUE_MESSAGE */
} KvEntryType;

/*
 * Returns the type of an entry.  Repositories and staging tokens have partitions with arbitrary
 * names, and a staged object may have any key, even one that looks like a branch's; but its value
 * starts with its complete key, which is true of no other value in those partitions.
 */
KvEntryType kv_entry_type(Slice partition_key, Slice key, Slice value);

/* The message that a field of bytes holds: the object of a staged entry.  NULL for other fields. */
const ProtobufCMessageDescriptor *kv_embedded_message(const ProtobufCFieldDescriptor *field);

#endif
