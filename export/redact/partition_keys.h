/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts keys in partitions where an entry's message does not name everything in its key.
 */
#ifndef EXPORT_REDACT_PARTITION_KEYS_H
#define EXPORT_REDACT_PARTITION_KEYS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"

/* Like key_redact (keys.h). */
typedef bool PartitionKeyFunction(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                                  const ProtobufCMessage *after, Buffer *redacted, Error *error);

/* The function for a partition; NULL if its messages determine the keys. */
PartitionKeyFunction *partition_key_find(Slice partition_key);

#endif
