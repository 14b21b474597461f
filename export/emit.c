#include "export/emit.h"

#include <string.h>

#include "secondary_index.pb-c.h"

static bool write_entry(Worker *worker, Slice partition_key, Slice key, Slice value, Error *error)
{
    uint8_t *p;

    if (!chunk_writer_add(worker->chunks, partition_key, key, value.size, &p, error)) {
        return false;
    }
    if (value.size > 0) {
        memcpy(p, value.data, value.size);
    }
    return true;
}

static bool write_redacted(Worker *worker, Slice partition_key, Slice key, Slice value,
                           Error *error)
{
    RedactedEntry entry;

    return redactor_entry(worker->redactor, partition_key, key, value, &entry, error) &&
           distinct_keys_add(worker->context->redacted, entry.partition_key, entry.key, error) &&
           write_entry(worker, entry.partition_key, entry.key, entry.value, error);
}

bool emit_bytes(Worker *worker, Slice partition_key, Slice key, Slice value, Error *error)
{
    return (worker->redactor == NULL ? write_entry : write_redacted)(worker, partition_key, key,
                                                                     value, error);
}

bool emit_message(Worker *worker, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *value;

    if (worker->redactor != NULL) {
        worker->value.size = 0;
        if (!buffer_reserve(&worker->value, size, error)) {
            return false;
        }
        worker->value.size = protobuf_c_message_pack(message, worker->value.data);
        return write_redacted(worker, partition_key, key, buffer_slice(&worker->value), error);
    }
    if (!chunk_writer_add(worker->chunks, partition_key, key, size, &value, error)) {
        return false;
    }
    protobuf_c_message_pack(message, value);
    return true;
}

bool emit_index(Worker *worker, Slice partition_key, Slice key, Slice primary_key, Error *error)
{
    Kv__SecondaryIndex index = KV__SECONDARY_INDEX__INIT;

    index.primary_key.data = (uint8_t *)(uintptr_t)primary_key.data;
    index.primary_key.len = primary_key.size;
    return emit_message(worker, partition_key, key, &index.base, error);
}
