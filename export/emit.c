/* SPDX-License-Identifier: Apache-2.0 */
#include "export/emit.h"

#include "common/store/dynamodb/item.h"

#include <string.h>

#include "secondary_index.pb-c.h"

/* Begins an entry, whose value the caller writes to *value. */
static bool begin_entry(Emitter *emitter, Slice partition_key, Slice key, size_t value_size,
                        uint8_t **value, Error *error)
{
    if (emitter->costs != NULL) {
        const Entry entry = {partition_key, key, slice_of(NULL, value_size)};

        emitter->costs->key_bytes += partition_key.size + key.size;
        emitter->costs->write_units += dynamo_item_units(dynamo_item_size(&entry));
    }
    return chunk_writer_add(emitter->chunks, partition_key, key, value_size, value, error);
}

static bool write_entry(Emitter *emitter, Slice partition_key, Slice key, Slice value, Error *error)
{
    uint8_t *p;

    if (!begin_entry(emitter, partition_key, key, value.size, &p, error)) {
        return false;
    }
    if (value.size > 0) {
        memcpy(p, value.data, value.size);
    }
    return true;
}

static bool write_redacted(Emitter *emitter, Slice partition_key, Slice key, Slice value,
                           Error *error)
{
    RedactedEntry entry;

    return redactor_entry(emitter->redactor, partition_key, key, value, &entry, error) &&
           distinct_keys_add(emitter->redacted, entry.partition_key, entry.key, error) &&
           write_entry(emitter, entry.partition_key, entry.key, entry.value, error);
}

bool emit_bytes(Emitter *emitter, Slice partition_key, Slice key, Slice value, Error *error)
{
    return (emitter->redactor == NULL ? write_entry : write_redacted)(emitter, partition_key, key,
                                                                      value, error);
}

/* Begins an entry whose value has this size: the caller writes it to *value, then calls end_value.
 * What is to be redacted is kept until then. */
static bool begin_value(Emitter *emitter, Slice partition_key, Slice key, size_t size,
                        uint8_t **value, Error *error)
{
    if (emitter->redactor == NULL) {
        return begin_entry(emitter, partition_key, key, size, value, error);
    }
    emitter->value.size = 0;
    if (!buffer_reserve(&emitter->value, size, error)) {
        return false;
    }
    emitter->value.size = size;
    *value = emitter->value.data;
    return true;
}

static bool end_value(Emitter *emitter, Slice partition_key, Slice key, Error *error)
{
    return emitter->redactor == NULL ||
           write_redacted(emitter, partition_key, key, buffer_slice(&emitter->value), error);
}

bool emit_message(Emitter *emitter, Slice partition_key, Slice key, const ProtobufCMessage *message,
                  Error *error)
{
    uint8_t *value;

    if (!begin_value(emitter, partition_key, key, protobuf_c_message_get_packed_size(message),
                     &value, error)) {
        return false;
    }
    protobuf_c_message_pack(message, value);
    return end_value(emitter, partition_key, key, error);
}

/* The key is also that of the KV entry. */
bool emit_staged(Emitter *emitter, Slice partition_key, const StagedEntry *entry, Error *error)
{
    uint8_t *value;

    if (!begin_value(emitter, partition_key, entry->key, staged_entry_size(entry), &value, error)) {
        return false;
    }
    staged_entry_pack(entry, value);
    return end_value(emitter, partition_key, entry->key, error);
}

bool emit_index(Emitter *emitter, Slice partition_key, Slice key, Slice primary_key, Error *error)
{
    Kv__SecondaryIndex index = KV__SECONDARY_INDEX__INIT;

    index.primary_key.data = (uint8_t *)(uintptr_t)primary_key.data;
    index.primary_key.len = primary_key.size;
    return emit_message(emitter, partition_key, key, &index.base, error);
}

void emitter_free(Emitter *emitter)
{
    chunk_writer_free(emitter->chunks);
    redactor_free(emitter->redactor);
    buffer_free(&emitter->value);
    *emitter = (Emitter){0};
}
