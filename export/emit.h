/*
 * Writing entries: a partition key, a key, and a message or bytes as the value.  Here they are
 * redacted, if that is asked for.
 */
#ifndef EXPORT_EMIT_H
#define EXPORT_EMIT_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/worker.h"

bool emit_message(Worker *worker, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error);
bool emit_bytes(Worker *worker, Slice partition_key, Slice key, Slice value, Error *error);

/* An entry that leads to the entry `primary_key` of the same partition. */
bool emit_index(Worker *worker, Slice partition_key, Slice key, Slice primary_key, Error *error);

#endif
