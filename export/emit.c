#include "export/emit.h"

#include <string.h>

#include "secondary_index.pb-c.h"

bool emit_message(Worker *worker, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error)
{
    uint8_t *value;

    if (!chunk_writer_add(worker->chunks, partition_key, key,
                          protobuf_c_message_get_packed_size(message), &value, error)) {
        return false;
    }
    protobuf_c_message_pack(message, value);
    return true;
}

bool emit_bytes(Worker *worker, Slice partition_key, Slice key, Slice value, Error *error)
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

bool emit_index(Worker *worker, Slice partition_key, Slice key, Slice primary_key, Error *error)
{
    Kv__SecondaryIndex index = KV__SECONDARY_INDEX__INIT;

    index.primary_key.data = (uint8_t *)(uintptr_t)primary_key.data;
    index.primary_key.len = primary_key.size;
    return emit_message(worker, partition_key, key, &index.base, error);
}
