/*
 * Writing entries: a partition key, a key, and a message or bytes as the value.  Here they are
 * redacted, if that is asked for.
 */
#ifndef EXPORT_EMIT_H
#define EXPORT_EMIT_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/writer.h"
#include "export/redact/distinct_keys.h"
#include "export/redact/entry.h"

/* One worker's way into the dump.  {0} writes nothing; see export_dump_new_emitter. */
typedef struct Emitter {
    ChunkWriter *chunks;    /* NULL while nothing may be written */
    Redactor *redactor;     /* NULL: entries are written as they are */
    DistinctKeys *redacted; /* of all workers; borrowed */
    Buffer value;           /* of the entry that is being made, where it is redacted */
} Emitter;

bool emit_message(Emitter *emitter, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error);
bool emit_bytes(Emitter *emitter, Slice partition_key, Slice key, Slice value, Error *error);

/* An entry that leads to the entry `primary_key` of the same partition. */
bool emit_index(Emitter *emitter, Slice partition_key, Slice key, Slice primary_key, Error *error);

/* Frees what the emitter has. */
void emitter_free(Emitter *emitter);

#endif
