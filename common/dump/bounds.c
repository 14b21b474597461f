/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/bounds.h"

#include "common/base/base64.h"
#include "common/base/buffer.h"
#include "common/base/json.h"
#include "common/dump/format.h"
#include "common/kv/entry.h"

#include <string.h>

static Slice cut(Slice bytes)
{
    return slice_of(bytes.data, bytes.size < DUMP_BOUND_SIZE ? bytes.size : DUMP_BOUND_SIZE);
}

static int compare(Slice a, Slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static Slice first_of(const DumpRange *range)
{
    return slice_of(range->first, range->first_size);
}

static Slice last_of(const DumpRange *range)
{
    return slice_of(range->last, range->last_size);
}

static void set(uint8_t *target, size_t *size, Slice bytes)
{
    if (bytes.size > 0) {
        memcpy(target, bytes.data, bytes.size);
    }
    *size = bytes.size;
}

/* The least and the greatest key so far; they point into the tuples. */
typedef struct Extremes {
    Slice first;
    Slice last;
} Extremes;

static void extend(Extremes *extremes, Slice bytes)
{
    bytes = cut(bytes);
    if (compare(bytes, extremes->first) < 0) {
        extremes->first = bytes;
    } else if (compare(bytes, extremes->last) > 0) {
        extremes->last = bytes;
    }
}

static void set_range(DumpRange *range, const Extremes *extremes)
{
    set(range->first, &range->first_size, extremes->first);
    set(range->last, &range->last_size, extremes->last);
}

bool dump_scan(Slice tuples, DumpScan *scan, size_t *offset, const char **problem)
{
    Slice rest = tuples;
    Slice tuple;
    Entry entry;
    Slice partition = {0};
    Extremes partitions = {0};
    Extremes keys = {0};

    scan->entries = 0;
    scan->digest = (SetDigest){0};
    while (rest.size > 0) {
        *offset = tuples.size - rest.size;
        if (!entry_next_tuple(&rest, &entry, &tuple, problem)) {
            return false;
        }
        if (scan->entries == 0) {
            partition = entry.partition_key;
            partitions = (Extremes){cut(partition), cut(partition)};
            keys = (Extremes){cut(entry.key), cut(entry.key)};
        }
        /* Most entries are in the partition of the one before. */
        if (!slice_equal(entry.partition_key, partition)) {
            partition = entry.partition_key;
            extend(&partitions, partition);
        }
        extend(&keys, entry.key);
        set_digest_add_tuple(&scan->digest, tuple);
        scan->entries++;
    }
    scan->bounds.known = scan->entries > 0;
    set_range(&scan->bounds.partitions, &partitions);
    set_range(&scan->bounds.keys, &keys);
    return true;
}

static json_t *encode_bytes(Slice bytes)
{
    Buffer text = {0};
    Error ignored;
    json_t *json = base64_append(&text, bytes, &ignored)
                       ? json_stringn(buffer_string(&text), text.size)
                       : NULL;

    buffer_free(&text);
    return json;
}

static json_t *encode_range(const DumpRange *range)
{
    json_t *first = encode_bytes(first_of(range));
    json_t *last = encode_bytes(last_of(range));

    /* json_pack frees its arguments even when one of them is NULL. */
    return json_pack("[o, o]", first, last);
}

json_t *dump_bounds_encode(const DumpBounds *bounds, json_t *announcement)
{
    if (announcement == NULL ||
        json_object_set_new(announcement, DUMP_BOUND_PARTITIONS,
                            encode_range(&bounds->partitions)) != 0 ||
        json_object_set_new(announcement, DUMP_BOUND_KEYS, encode_range(&bounds->keys)) != 0) {
        json_decref(announcement);
        return NULL;
    }
    return announcement;
}

/* Decodes an element of an array of two. */
static bool decode_bytes(const json_t *array, size_t index, uint8_t *bytes, size_t *size,
                         bool *valid, Error *error)
{
    const json_t *text = json_array_get(array, index);
    Buffer decoded = {0};
    bool done;

    *valid = json_is_string(text) && json_string_length(text) <= 2 * DUMP_BOUND_SIZE;
    if (!*valid) {
        return true;
    }
    done = base64_decode(&decoded, slice_of(json_string_value(text), json_string_length(text)),
                         valid, error);
    *valid = done && *valid && decoded.size <= DUMP_BOUND_SIZE;
    if (*valid) {
        set(bytes, size, buffer_slice(&decoded));
    }
    buffer_free(&decoded);
    return done;
}

static bool decode_range(const json_t *announcement, const char *name, DumpRange *range,
                         Error *error)
{
    const json_t *array;
    bool first_valid;
    bool last_valid;

    if (!json_member_array(announcement, name, &array, error) ||
        !decode_bytes(array, 0, range->first, &range->first_size, &first_valid, error) ||
        !decode_bytes(array, 1, range->last, &range->last_size, &last_valid, error)) {
        return false;
    }
    return (json_array_size(array) == 2 && first_valid && last_valid &&
            compare(first_of(range), last_of(range)) <= 0) ||
           error_set(error, EXIT_CODE_DUMP, "the bounds of a chunk are malformed: \"%s\"", name);
}

bool dump_bounds_decode(const json_t *announcement, DumpBounds *bounds, Error *error)
{
    bounds->known = json_object_get(announcement, DUMP_BOUND_PARTITIONS) != NULL ||
                    json_object_get(announcement, DUMP_BOUND_KEYS) != NULL;
    return !bounds->known ||
           (decode_range(announcement, DUMP_BOUND_PARTITIONS, &bounds->partitions, error) &&
            decode_range(announcement, DUMP_BOUND_KEYS, &bounds->keys, error));
}

static bool range_equal(const DumpRange *a, const DumpRange *b)
{
    return slice_equal(first_of(a), first_of(b)) && slice_equal(last_of(a), last_of(b));
}

bool dump_bounds_equal(const DumpBounds *a, const DumpBounds *b)
{
    return range_equal(&a->partitions, &b->partitions) && range_equal(&a->keys, &b->keys);
}

static bool begins_with(Slice bytes, Slice prefix)
{
    return bytes.size >= prefix.size &&
           (prefix.size == 0 || memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

bool dump_bounds_admit(const DumpBounds *bounds, const Slice *partition, const Slice *prefix)
{
    if (!bounds->known) {
        return true;
    }
    if (partition != NULL) {
        Slice wanted = cut(*partition);

        if (compare(wanted, first_of(&bounds->partitions)) < 0 ||
            compare(wanted, last_of(&bounds->partitions)) > 0) {
            return false;
        }
    }
    if (prefix != NULL) {
        Slice wanted = cut(*prefix);

        /* The keys with the prefix lie between itself and the last key that begins with it. */
        return compare(wanted, last_of(&bounds->keys)) <= 0 &&
               (compare(wanted, first_of(&bounds->keys)) >= 0 ||
                begins_with(first_of(&bounds->keys), wanted));
    }
    return true;
}
