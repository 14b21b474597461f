/*
 * A row of a legacy table: its fields as the KV model wants them, and what is told of it.
 *
 * Whatever is wrong with a row is reported with the table, the row's key and the column.
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
    bool is_key;   /* names the row in messages */
    bool nullable; /* a NULL is as good as a value; elsewhere it is refused */
} SourceColumn;

enum { SOURCE_MAX_COLUMNS = 16 };

typedef struct SourceQuery {
    const char *table; /* whose rows they are */
    /* A SELECT of the columns below, in their order; {schema} stands for the quoted schema, {range}
     * for the relation that is read and the condition for its pages. */
    const char *sql;
    const SourceColumn *columns;
    size_t column_count;
} SourceQuery;

typedef struct SourceRow {
    Worker *worker;
    const SourceQuery *query;
    CopyField fields[SOURCE_MAX_COLUMNS];
    unsigned adjusted; /* a bit for each reason, so that a row counts once */
} SourceRow;

/* Readies the row for new fields. */
void source_row_begin(SourceRow *row);

/* Refuses the row when a column that may not be NULL is. */
bool source_row_check(const SourceRow *row, Error *error);

/* Reports what the fields were adjusted for, when the row was done with. */
bool source_row_end(SourceRow *row, Error *error);

/* Whether a column's type, as an object id of PostgreSQL, is the expected one; its name. */
bool source_type_matches(SourceType type, uint32_t oid);
const char *source_type_name(SourceType type);

bool source_is_null(const SourceRow *row, size_t column);

/* Text with a NUL behind it, in the arena, valid UTF-8; "" for a NULL. */
bool source_text(SourceRow *row, size_t column, char **text, Error *error);

/* Bytes, where they lie; empty for a NULL. */
Slice source_bytes(const SourceRow *row, size_t column);
ProtobufCBinaryData source_binary(const SourceRow *row, size_t column);

/* 0, false for a NULL. */
bool source_int32(SourceRow *row, size_t column, int32_t *value, Error *error);
bool source_bool(SourceRow *row, size_t column, protobuf_c_boolean *value, Error *error);

/* As it is: microseconds since 2000-01-01 00:00:00 UTC, or an infinity. */
bool source_timestamptz(SourceRow *row, size_t column, int64_t *microseconds, Error *error);

/* As a message, clamped where it must be; the row is then adjusted. */
bool source_time(SourceRow *row, size_t column, Kv__Timestamp *time, Error *error);

/* JSON text, valid UTF-8, in the arena or where it lies; empty for a NULL. */
bool source_json(SourceRow *row, size_t column, Slice *json, Error *error);

/* A JSON object as a map; empty for a NULL.  Where values are no strings the row is adjusted; where
 * it is no object the row is refused. */
bool source_map(SourceRow *row, size_t column, JsonMap *map, Error *error);

/* The array's texts, in the arena; NULL members are dropped, and the row is then adjusted. */
bool source_texts(SourceRow *row, size_t column, char ***texts, size_t *count, Error *error);

/*
 * Claims a key of the KV store for the row; refuses the row when another one has it.  Keys of most
 * tables follow from columns that are unique (source_check_unique), and are only looked at where
 * invalid UTF-8 is replaced, which can make them equal; `always` is for those that do not.
 */
bool source_claim_key(SourceRow *row, Slice partition_key, Slice key, bool always, Error *error);

/* Marks the row as adjusted. */
void source_adjusted(SourceRow *row, Adjusted reason);

/* Leaves the row out. */
bool source_left_out(SourceRow *row, LeftOut reason, Error *error);

/* Refuses the row: EXIT_CODE_FAILED, table and key, then the formatted problem. */
bool source_refused(const SourceRow *row, Error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
