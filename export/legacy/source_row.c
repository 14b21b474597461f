/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/source_row.h"

#include "common/base/arena_text.h"
#include "common/base/printable.h"
#include "common/base/utf8.h"
#include "common/pg/copy_value.h"
#include "common/store/postgres/index_key.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROW_TEXT_SIZE = 512 };

/* OIDs of PostgreSQL's types; they never change (src/include/catalog/pg_type.dat). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TEXT_ARRAY = 1009,
    OID_VARCHAR_ARRAY = 1015,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184,
    OID_JSONB = 3802
};

static const struct {
    uint32_t oids[2];
    const char *name;
} TYPES[] = {
    [SOURCE_BOOL] = {{OID_BOOL, OID_BOOL}, "boolean"},
    [SOURCE_BYTEA] = {{OID_BYTEA, OID_BYTEA}, "bytea"},
    [SOURCE_INT4] = {{OID_INT4, OID_INT4}, "integer"},
    [SOURCE_JSONB] = {{OID_JSONB, OID_JSONB}, "jsonb"},
    [SOURCE_TEXT] = {{OID_TEXT, OID_VARCHAR}, "text"},
    [SOURCE_TEXT_ARRAY] = {{OID_TEXT_ARRAY, OID_VARCHAR_ARRAY}, "text[]"},
    [SOURCE_TIMESTAMPTZ] = {{OID_TIMESTAMPTZ, OID_TIMESTAMPTZ}, "timestamp with time zone"},
};

bool source_type_matches(SourceType type, uint32_t oid)
{
    return oid == TYPES[type].oids[0] || oid == TYPES[type].oids[1];
}

const char *source_type_name(SourceType type)
{
    return TYPES[type].name;
}

/* Appends a field to the description of a row. */
static size_t describe_field(const SourceColumn *column, CopyField field, char *text, size_t size)
{
    int32_t number;
    int n;

    if (field.size < 0) {
        n = snprintf(text, size, "%s=NULL", column->name);
    } else if (column->type == SOURCE_INT4 && copy_value_int32(field, &number)) {
        n = snprintf(text, size, "%s=%" PRId32, column->name, number);
    } else if (column->type == SOURCE_BYTEA) {
        n = snprintf(text, size, "%s=\\x", column->name);
        for (int32_t i = 0; i < field.size && i < 64 && n > 0 && (size_t)n < size; i++) {
            n += snprintf(text + n, size - (size_t)n, "%02x", field.data[i]);
        }
    } else {
        n = snprintf(text, size, "%s=%.*s", column->name, (int)field.size,
                     (const char *)field.data);
    }
    return n < 0 ? 0 : (size_t)n;
}

/* The row's key, for messages. */
static void describe_row(const SourceRow *row, char text[ROW_TEXT_SIZE])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < row->query->column_count; i++) {
        if (!row->query->columns[i].is_key) {
            continue;
        }
        if (used > 0 && used + 2 < ROW_TEXT_SIZE) {
            used += (size_t)snprintf(text + used, ROW_TEXT_SIZE - used, ", ");
        }
        if (used < ROW_TEXT_SIZE) {
            used += describe_field(&row->query->columns[i], row->fields[i], text + used,
                                   ROW_TEXT_SIZE - used);
        }
    }
}

bool source_refused(const SourceRow *row, Error *error, const char *format, ...)
{
    char key[ROW_TEXT_SIZE];
    char problem[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    describe_row(row, key);
    error_set(error, EXIT_CODE_FAILED, "table \"%s\", row (%s): %s", row->query->table, key,
              problem);
    return error_hint(error, "Nothing was migrated. Fix the row, then run again.");
}

static bool wrong_value(const SourceRow *row, size_t column, Error *error)
{
    return source_refused(row, error, "column \"%s\" is not a valid %s",
                          row->query->columns[column].name,
                          source_type_name(row->query->columns[column].type));
}

void source_row_begin(SourceRow *row)
{
    row->adjusted = 0;
    arena_reset(&row->worker->arena);
}

bool source_row_check(const SourceRow *row, Error *error)
{
    for (size_t i = 0; i < row->query->column_count; i++) {
        if (row->fields[i].size < 0 && !row->query->columns[i].nullable) {
            return source_refused(row, error, "column \"%s\" is NULL", row->query->columns[i].name);
        }
    }
    return true;
}

bool source_row_end(SourceRow *row, Error *error)
{
    char key[ROW_TEXT_SIZE];

    if (row->adjusted == 0 || row->worker->emitter.chunks == NULL) {
        return true;
    }
    describe_row(row, key);
    for (Adjusted reason = 0; reason < ADJUSTED_REASONS; reason++) {
        if ((row->adjusted & 1U << reason) != 0 &&
            !report_adjusted(&row->worker->report, row->query->table, reason, key, error)) {
            return false;
        }
    }
    return true;
}

bool source_is_null(const SourceRow *row, size_t column)
{
    return row->fields[column].size < 0;
}

void source_adjusted(SourceRow *row, Adjusted reason)
{
    row->adjusted |= 1U << reason;
}

bool source_left_out(SourceRow *row, LeftOut reason, Error *error)
{
    char key[ROW_TEXT_SIZE];

    row->adjusted = 0;
    describe_row(row, key);
    return report_left_out(&row->worker->report, row->query->table, reason, key, error);
}

/* Copies text into the arena as valid UTF-8, NUL-terminated. */
static bool copy_valid_text(SourceRow *row, size_t column, Slice bytes, char **text, size_t *size,
                            Error *error)
{
    bool valid = utf8_is_valid(bytes);

    if (!valid && !row->worker->context->options->replace_invalid_utf8) {
        source_refused(row, error, "column \"%s\" is not valid UTF-8",
                       row->query->columns[column].name);
        return error_hint(error, "Fix the text, or replace invalid bytes with U+FFFD: "
                                 "--invalid-utf8=replace.");
    }
    if (valid) {
        *text = arena_text(&row->worker->arena, bytes, error);
        *size = bytes.size;
        return *text != NULL;
    }
    *text = arena_allocate(&row->worker->arena, utf8_replaced_bound(bytes.size), error);
    if (*text == NULL) {
        return false;
    }
    source_adjusted(row, ADJUSTED_UTF8);
    *size = utf8_replace(bytes, *text);
    return true;
}

bool source_has_replacement(Slice text)
{
    return slice_contains(text, slice_text("\xef\xbf\xbd"));
}

bool source_claim_key(SourceRow *row, Slice partition_key, Slice key, const char **other,
                      Error *error)
{
    char text[2 * ROW_TEXT_SIZE];
    size_t used = (size_t)snprintf(text, sizeof text, "table \"%s\", row (", row->query->table);

    describe_row(row, text + used);
    strcat(text, ")");
    return written_keys_add(row->worker->context->written, partition_key, key, text, other, error);
}

/* Refuses the row if another one has given the key. */
static bool check_claim(SourceRow *row, Slice partition_key, Slice key, Error *error)
{
    const char *other;

    if (!source_claim_key(row, partition_key, key, &other, error)) {
        return false;
    }
    if (other == NULL) {
        return true;
    }
    source_refused(row, error, "its KV key \"%s\" is that of another row", PRINTABLE_NAME(key));
    error_detail(error, "The other is %s.", other);
    return error_hint(error, "Nothing was migrated. Rename one of the two, then run again.");
}

bool source_check_key(SourceRow *row, Slice partition_key, Slice key, bool ambiguous, Error *error)
{
    const ExportContext *context = row->worker->context;

    if (!index_key_fits(partition_key, key)) {
        source_refused(row, error, "its KV key is too long: %zu bytes, with the partition key",
                       partition_key.size + key.size);
        return error_detail(error, "PostgreSQL's index takes about 2,700 bytes, compressed.");
    }
    return !(ambiguous ||
             (context->options->replace_invalid_utf8 &&
              (source_has_replacement(partition_key) || source_has_replacement(key)))) ||
           check_claim(row, partition_key, key, error);
}

Slice source_bytes(const SourceRow *row, size_t column)
{
    const CopyField *field = &row->fields[column];

    return slice_of(field->data, field->size < 0 ? 0 : (size_t)field->size);
}

bool source_text(SourceRow *row, size_t column, char **text, Error *error)
{
    size_t size;

    return copy_valid_text(row, column, source_bytes(row, column), text, &size, error);
}

ProtobufCBinaryData source_binary(const SourceRow *row, size_t column)
{
    Slice bytes = source_bytes(row, column);

    /* protobuf-c does not modify what it packs, though its type is not const. */
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

bool source_int32(SourceRow *row, size_t column, int32_t *value, Error *error)
{
    *value = 0;
    return source_is_null(row, column) || copy_value_int32(row->fields[column], value) ||
           wrong_value(row, column, error);
}

bool source_bool(SourceRow *row, size_t column, protobuf_c_boolean *value, Error *error)
{
    bool flag = false;

    if (!source_is_null(row, column) && !copy_value_bool(row->fields[column], &flag)) {
        return wrong_value(row, column, error);
    }
    *value = flag;
    return true;
}

bool source_timestamptz(SourceRow *row, size_t column, int64_t *microseconds, Error *error)
{
    return copy_value_timestamptz(row->fields[column], microseconds) ||
           wrong_value(row, column, error);
}

bool source_time(SourceRow *row, size_t column, Kv__Timestamp *time, Error *error)
{
    int64_t microseconds;
    KvTime kv_time;

    if (!source_timestamptz(row, column, &microseconds, error)) {
        return false;
    }
    if (!kv_time_from_timestamptz(microseconds, &kv_time)) {
        source_adjusted(row, ADJUSTED_TIMESTAMP);
    }
    kv__timestamp__init(time);
    time->seconds = kv_time.seconds;
    time->nanos = kv_time.nanos;
    return true;
}

bool source_json(SourceRow *row, size_t column, Slice *json, Error *error)
{
    char *text;
    size_t size;

    *json = (Slice){0};
    if (source_is_null(row, column)) {
        return true;
    }
    if (!copy_value_jsonb(row->fields[column], json)) {
        return wrong_value(row, column, error);
    }
    /* Valid text is not copied: it may be large. */
    if (utf8_is_valid(*json)) {
        return true;
    }
    if (!copy_valid_text(row, column, *json, &text, &size, error)) {
        return false;
    }
    *json = slice_of(text, size);
    return true;
}

bool source_map(SourceRow *row, size_t column, JsonMap *map, Error *error)
{
    Slice json;

    if (!source_json(row, column, &json, error)) {
        return false;
    }
    switch (json_map_read(json, &row->worker->arena, map, error)) {
    case JSON_MAP_DONE:
        break;
    case JSON_MAP_NO_OBJECT:
        return source_refused(row, error, "column \"%s\" is not a JSON object",
                              row->query->columns[column].name);
    case JSON_MAP_ERROR:
        return false;
    }
    if (map->adjusted) {
        source_adjusted(row, ADJUSTED_METADATA);
    }
    return true;
}

bool source_texts(SourceRow *row, size_t column, char ***texts, size_t *count, Error *error)
{
    CopyArray array = {0};
    size_t size;

    *texts = NULL;
    *count = 0;
    if (source_is_null(row, column)) {
        return true;
    }
    if (!copy_array_open(row->fields[column], &array)) {
        return wrong_value(row, column, error);
    }
    *texts = arena_allocate(&row->worker->arena, (array.count + 1) * sizeof **texts, error);
    if (*texts == NULL) {
        return false;
    }
    while (array.count > 0) {
        CopyField element;

        if (!copy_array_next(&array, &element)) {
            return wrong_value(row, column, error);
        }
        if (element.size < 0) {
            source_adjusted(row, ADJUSTED_NULL_PARENT);
        } else if (!copy_valid_text(row, column, slice_of(element.data, (size_t)element.size),
                                    &(*texts)[*count], &size, error)) {
            return false;
        } else {
            (*count)++;
        }
    }
    return true;
}
