/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/entry.h"

#include "common/base/bytes.h"
#include "common/pg/copy_binary.h"

#include <string.h>

/* Bytes of the field count, and of a field's length. */
enum { COUNT_SIZE = 2, LENGTH_SIZE = 4 };

size_t entry_tuple_size(size_t partition_key_size, size_t key_size, size_t value_size)
{
    return COUNT_SIZE + ENTRY_FIELDS * LENGTH_SIZE + partition_key_size + key_size + value_size;
}

static uint8_t *put_field(uint8_t *p, Slice field)
{
    store_be32(p, (uint32_t)field.size);
    if (field.size > 0) {
        memcpy(p + LENGTH_SIZE, field.data, field.size);
    }
    return p + LENGTH_SIZE + field.size;
}

bool entry_append(Buffer *tuples, Slice partition_key, Slice key, size_t value_size,
                  uint8_t **value, Error *error)
{
    size_t size;
    uint8_t *p;

    if (partition_key.size > INT32_MAX || key.size > INT32_MAX || value_size > INT32_MAX) {
        return error_set(error, EXIT_CODE_FAILED, "an entry is larger than a COPY field can be");
    }
    size = entry_tuple_size(partition_key.size, key.size, value_size);
    if (!buffer_reserve(tuples, size, error)) {
        return false;
    }
    p = tuples->data + tuples->size;
    store_be16(p, ENTRY_FIELDS);
    p = put_field(p + COUNT_SIZE, partition_key);
    p = put_field(p, key);
    store_be32(p, (uint32_t)value_size);
    *value = p + LENGTH_SIZE;
    tuples->size += size;
    return true;
}

bool entry_from_fields(const CopyField fields[ENTRY_FIELDS], Entry *entry, Slice *tuple)
{
    for (size_t i = 0; i < ENTRY_FIELDS; i++) {
        if (fields[i].size < 0) {
            return false;
        }
    }
    entry->partition_key = slice_of(fields[0].data, (size_t)fields[0].size);
    entry->key = slice_of(fields[1].data, (size_t)fields[1].size);
    entry->value = slice_of(fields[2].data, (size_t)fields[2].size);
    *tuple =
        slice_of(fields[0].data - COUNT_SIZE - LENGTH_SIZE,
                 entry_tuple_size(entry->partition_key.size, entry->key.size, entry->value.size));
    return true;
}

bool entry_next_tuple(Slice *tuples, Entry *entry, Slice *tuple, const char **problem)
{
    CopyField fields[ENTRY_FIELDS];
    size_t consumed;

    switch (copy_tuple_parse(*tuples, fields, ENTRY_FIELDS, &consumed, problem)) {
    case COPY_TUPLE:
        break;
    case COPY_END:
        *problem = "there is a COPY trailer among the entries";
        return false;
    case COPY_MORE:
        *problem = "the last entry is cut off";
        return false;
    case COPY_INVALID:
        return false;
    }
    if (!entry_from_fields(fields, entry, tuple)) {
        *problem = "an entry has a NULL field";
        return false;
    }
    *tuples = slice_of(tuples->data + consumed, tuples->size - consumed);
    return true;
}

bool entry_next(Slice *tuples, Entry *entry, const char **problem)
{
    Slice tuple;

    return entry_next_tuple(tuples, entry, &tuple, problem);
}
