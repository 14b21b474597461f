/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes entries: a partition key, a key, and a message or bytes as the value; with --redact,
 * redacted.
 */
#ifndef EXPORT_EMIT_H
#define EXPORT_EMIT_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/writer.h"
#include "common/kv/staged_entry.h"
#include "export/redact/distinct_keys.h"
#include "export/redact/entry.h"

/* What entries are to a store. */
typedef struct EntryCosts {
    uint64_t key_bytes;   /* of partition keys and keys */
    uint64_t write_units; /* in DynamoDB */
} EntryCosts;

/* Writes the entries of one worker.  {0} cannot write; see export_dump_new_emitter. */
typedef struct Emitter {
    ChunkWriter *chunks;    /* NULL while packages prepare, and in a dry run */
    Redactor *redactor;     /* NULL: no redaction */
    DistinctKeys *redacted; /* of all workers; borrowed */
    EntryCosts *costs;      /* sum of all entries; NULL: not computed */
    Buffer value;           /* of the current entry, before redaction */
} Emitter;

bool emit_message(Emitter *emitter, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error);
bool emit_staged(Emitter *emitter, Slice partition_key, const StagedEntry *entry, Error *error);
bool emit_bytes(Emitter *emitter, Slice partition_key, Slice key, Slice value, Error *error);

/* Writes an index entry that refers to the entry `primary_key` of the same partition. */
bool emit_index(Emitter *emitter, Slice partition_key, Slice key, Slice primary_key, Error *error);

/* Frees the emitter's resources. */
void emitter_free(Emitter *emitter);

#endif
