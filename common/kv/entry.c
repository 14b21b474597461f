#include "common/kv/entry.h"

#include "common/base/bytes.h"
#include "common/pg/copy_binary.h"

#include <string.h>

enum { FIELD_COUNT = 3 };

size_t entry_tuple_size(size_t partition_key_size, size_t key_size, size_t value_size)
{
    return 2 + 4 + partition_key_size + 4 + key_size + 4 + value_size;
}

static uint8_t *put_field(uint8_t *p, Slice field)
{
    store_be32(p, (uint32_t)field.size);
    if (field.size > 0) {
        memcpy(p + 4, field.data, field.size);
    }
    return p + 4 + field.size;
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
    store_be16(p, FIELD_COUNT);
    p = put_field(p + 2, partition_key);
    p = put_field(p, key);
    store_be32(p, (uint32_t)value_size);
    *value = p + 4;
    tuples->size += size;
    return true;
}

bool entry_next(Slice *tuples, Entry *entry, const char **problem)
{
    CopyField fields[FIELD_COUNT];
    size_t consumed;

    switch (copy_tuple_parse(*tuples, fields, FIELD_COUNT, &consumed, problem)) {
    case COPY_TUPLE:
        break;
    case COPY_END:
        *problem = "a COPY trailer stands among the entries";
        return false;
    case COPY_MORE:
        *problem = "the last entry is cut off";
        return false;
    case COPY_INVALID:
        return false;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].size < 0) {
            *problem = "an entry has a NULL field";
            return false;
        }
    }
    entry->partition_key = slice_of(fields[0].data, (size_t)fields[0].size);
    entry->key = slice_of(fields[1].data, (size_t)fields[1].size);
    entry->value = slice_of(fields[2].data, (size_t)fields[2].size);
    *tuples = slice_of(tuples->data + consumed, tuples->size - consumed);
    return true;
}

bool entry_next_tuple(Slice *tuples, Entry *entry, Slice *tuple, const char **problem)
{
    const uint8_t *begin = tuples->data;

    if (!entry_next(tuples, entry, problem)) {
        return false;
    }
    *tuple = slice_of(begin, (size_t)(tuples->data - begin));
    return true;
}

bool entry_scan(Slice tuples, uint64_t *count, SetDigest *digest, size_t *offset,
                const char **problem)
{
    Slice rest = tuples;
    Slice tuple;
    Entry entry;

    *count = 0;
    while (rest.size > 0) {
        *offset = tuples.size - rest.size;
        if (!entry_next_tuple(&rest, &entry, &tuple, problem)) {
            return false;
        }
        set_digest_add_tuple(digest, tuple);
        (*count)++;
    }
    return true;
}
