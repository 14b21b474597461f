/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of a legacy table: converts its fields to what the KV model needs, and reports what is
 * wrong with them, naming the table, the row's key and the column.  See LEGACY-SCHEMA.md, "Types".
 */
#ifndef EXPORT_LEGACY_SOURCE_ROW_H
#define EXPORT_LEGACY_SOURCE_ROW_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/time.h"
#include "common/pg/copy_binary.h"
#include "export/legacy/json_map.h"
#include "export/worker.h"

#include "timestamp.pb-c.h"

typedef enum SourceType {
    SOURCE_BOOL,
    SOURCE_BYTEA,
    SOURCE_INT4,
    SOURCE_JSONB,
    SOURCE_TEXT, /* or varchar */
    SOURCE_TEXT_ARRAY,
    SOURCE_TIMESTAMPTZ
} SourceType;

typedef struct SourceColumn {
    const char *name;
    SourceType type;
    bool is_key;   /* identifies the row in messages */
    bool nullable; /* other columns refuse NULL */
} SourceColumn;

enum { SOURCE_MAX_COLUMNS = 16 };

typedef struct SourceQuery {
    const char *table; /* the table that messages name */
    /* A SELECT of the columns below, in that order.  {schema} stands for the quoted schema, {range}
     * for the relation to read and the condition for its pages. */
    const char *sql;
    const SourceColumn *columns;
    size_t column_count;
} SourceQuery;

typedef struct SourceRow {
    Worker *worker;
    const SourceQuery *query;
    CopyField fields[SOURCE_MAX_COLUMNS];
    unsigned adjusted; /* a bit for each reason, so that each counts once a row */
} SourceRow;

/* Resets the row for new fields. */
void source_row_begin(SourceRow *row);

/* Refuses the row if a column that is not nullable is NULL. */
bool source_row_check(const SourceRow *row, Error *error);

/* Reports the row's adjustments, once the row has been processed. */
bool source_row_end(SourceRow *row, Error *error);

/* Whether a column's type, given as PostgreSQL's OID, is the expected one; the name of a type. */
bool source_type_matches(SourceType type, uint32_t oid);
const char *source_type_name(SourceType type);

bool source_is_null(const SourceRow *row, size_t column);

/* Valid UTF-8, NUL-terminated, in the arena; "" for a NULL. */
bool source_text(SourceRow *row, size_t column, char **text, Error *error);

/* Bytes, not copied; empty for a NULL. */
Slice source_bytes(const SourceRow *row, size_t column);
ProtobufCBinaryData source_binary(const SourceRow *row, size_t column);

/* 0 or false for a NULL. */
bool source_int32(SourceRow *row, size_t column, int32_t *value, Error *error);
bool source_bool(SourceRow *row, size_t column, protobuf_c_boolean *value, Error *error);

/* Microseconds since 2000-01-01 00:00:00 UTC, or an infinity. */
bool source_timestamptz(SourceRow *row, size_t column, int64_t *microseconds, Error *error);

/* As a message.  A time out of range is clamped, and the row adjusted. */
bool source_time(SourceRow *row, size_t column, Kv__Timestamp *time, Error *error);

/* JSON text, valid UTF-8, in the field or in the arena; empty for a NULL. */
bool source_json(SourceRow *row, size_t column, Slice *json, Error *error);

/* A JSON object as a map, which overwrites the field; empty for a NULL.  The row is adjusted if a
 * value is not a string, and refused if the column is not an object. */
bool source_map(SourceRow *row, size_t column, JsonMap *map, Error *error);

/* The texts of an array, in the arena.  NULL members are dropped, and the row adjusted. */
bool source_texts(SourceRow *row, size_t column, char ***texts, size_t *count, Error *error);

/*
 * Checks a KV key of the row: refuses a key that is too long for the KV table, and one that another
 * row has given, naming both rows.
 *
 * Keys derive from columns that are unique (source_check_unique).  So two rows can give the same
 * one only if invalid UTF-8 in it was replaced, or if it is `ambiguous`: made of several parts, of
 * which one contains what separates them.  Only such keys are remembered.
 */
bool source_check_key(SourceRow *row, Slice partition_key, Slice key, bool ambiguous, Error *error);

/* Remembers that the row has given the key; if another row has, *other is its description, which
 * the context owns, else NULL. */
bool source_claim_key(SourceRow *row, Slice partition_key, Slice key, const char **other,
                      Error *error);

/* Whether the text has U+FFFD, which may stand for invalid bytes. */
bool source_has_replacement(Slice text);

/* Marks the row as adjusted. */
void source_adjusted(SourceRow *row, Adjusted reason);

/* Leaves the row out. */
bool source_left_out(SourceRow *row, LeftOut reason, Error *error);

/* Refuses the row: EXIT_CODE_FAILED, with table, key and the formatted problem. */
bool source_refused(const SourceRow *row, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
