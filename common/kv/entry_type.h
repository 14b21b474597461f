/*
 * What the value of an entry of the KV store is, told from the entry alone.
 *
 * Source: KV model facts, tables per package.
 */
#ifndef COMMON_KV_ENTRY_TYPE_H
#define COMMON_KV_ENTRY_TYPE_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/slice.h"

typedef enum KvValueForm {
    KV_VALUE_BYTES,  /* not known, or bytes that are nobody else's business */
    KV_VALUE_TEXT,   /* the text as it is */
    KV_VALUE_MESSAGE /* a protobuf message */
} KvValueForm;

typedef struct KvEntryType {
    const char *name; /* such as "UserData", "text", "bytes" */
    KvValueForm form;
    const ProtobufCMessageDescriptor *message; /* of KV_VALUE_MESSAGE */
} KvEntryType;

/*
 * The type of an entry.  Partitions of repositories and staging tokens have names of their own
 * choosing, and a staged object may have any key, also that of a branch; but its value begins with
 * its whole key, which the value of no other entry of theirs does.
 */
KvEntryType kv_entry_type(Slice partition_key, Slice key, Slice value);

#endif
