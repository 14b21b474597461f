/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes the binary representation of PostgreSQL types in COPY BINARY fields.
 *
 * Source: the types' send functions (src/backend/utils/adt).  Each function returns false when the
 * bytes are not of its type; none accepts a NULL field.
 */
#ifndef COMMON_PG_COPY_VALUE_H
#define COMMON_PG_COPY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/slice.h"
#include "common/pg/copy_binary.h"

bool copy_value_bool(CopyField field, bool *value);
bool copy_value_int32(CopyField field, int32_t *value);

/* timestamptz: microseconds since 2000-01-01 00:00:00 UTC; INT64_MAX and INT64_MIN mean infinity
 * and -infinity. */
bool copy_value_timestamptz(CopyField field, int64_t *microseconds);

/* jsonb: the JSON text, without the version byte. */
bool copy_value_jsonb(CopyField field, Slice *json);

/* A one-dimensional array of text (or varchar): open it, then read element by element. */
typedef struct CopyArray {
    uint32_t count; /* elements left, as stated by the array's header */
    Slice rest;     /* bytes not yet read */
} CopyArray;

bool copy_array_open(CopyField field, CopyArray *array);

/* Reads the next element; size -1 for NULL. */
bool copy_array_next(CopyArray *array, CopyField *element);

#endif
