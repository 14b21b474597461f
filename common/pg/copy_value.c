/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/copy_value.h"

#include "common/base/bytes.h"

enum { JSONB_VERSION = 1 };

bool copy_value_bool(CopyField field, bool *value)
{
    if (field.size != 1 || field.data[0] > 1) {
        return false;
    }
    *value = field.data[0] == 1;
    return true;
}

bool copy_value_int32(CopyField field, int32_t *value)
{
    if (field.size != 4) {
        return false;
    }
    *value = (int32_t)load_be32(field.data);
    return true;
}

bool copy_value_timestamptz(CopyField field, int64_t *microseconds)
{
    if (field.size != 8) {
        return false;
    }
    *microseconds = (int64_t)load_be64(field.data);
    return true;
}

bool copy_value_jsonb(CopyField field, Slice *json)
{
    if (field.size < 1 || field.data[0] != JSONB_VERSION) {
        return false;
    }
    *json = slice_of(field.data + 1, (size_t)field.size - 1);
    return true;
}

/* Layout: dimensions, a flag for NULLs and the element type, 4 bytes each; for each dimension its
 * length and lower bound; then the elements, each with its length. */
bool copy_array_open(CopyField field, CopyArray *array)
{
    uint32_t dimensions;

    if (field.size < 12) {
        return false;
    }
    dimensions = load_be32(field.data);
    if (dimensions == 0) {
        *array = (CopyArray){0};
        return field.size == 12;
    }
    if (dimensions != 1 || field.size < 20) {
        return false;
    }
    array->count = load_be32(field.data + 12);
    array->rest = slice_of(field.data + 20, (size_t)field.size - 20);
    /* Each element takes at least its length word, so a larger count is wrong; nobody should
     * allocate memory based on it. */
    return array->count <= array->rest.size / 4 && (array->count > 0 || array->rest.size == 0);
}

bool copy_array_next(CopyArray *array, CopyField *element)
{
    uint32_t size;

    if (array->count == 0 || array->rest.size < 4) {
        return false;
    }
    size = load_be32(array->rest.data);
    array->rest = slice_of(array->rest.data + 4, array->rest.size - 4);
    array->count--;
    if (size == UINT32_MAX) {
        *element = (CopyField){NULL, -1};
        return array->count > 0 || array->rest.size == 0;
    }
    if (size > INT32_MAX || size > array->rest.size) {
        return false;
    }
    *element = (CopyField){array->rest.data, (int32_t)size};
    array->rest = slice_of(array->rest.data + size, array->rest.size - size);
    /* No bytes may follow the last element. */
    return array->count > 0 || array->rest.size == 0;
}
