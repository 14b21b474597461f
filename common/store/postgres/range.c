/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/range.h"

#include "common/pg/copy_out.h"

bool kv_append_bytea(Buffer *sql, Slice bytes, Error *error)
{
    static const char DIGITS[] = "0123456789abcdef";
    bool done =
        buffer_append_text(sql, "'\\x", error) && buffer_reserve(sql, 2 * bytes.size, error);

    for (size_t i = 0; done && i < bytes.size; i++) {
        sql->data[sql->size++] = (uint8_t)DIGITS[bytes.data[i] >> 4];
        sql->data[sql->size++] = (uint8_t)DIGITS[bytes.data[i] & 15];
    }
    return done && buffer_append_text(sql, "'::bytea", error);
}

/* The keys that begin with the prefix are less than the prefix with its last byte increased; bytes
 * that are 255 have none. */
static bool append_end(Buffer *sql, Slice prefix, Error *error)
{
    Buffer end = {0};
    bool done = true;

    while (prefix.size > 0 && prefix.data[prefix.size - 1] == UINT8_MAX) {
        prefix.size--;
    }
    if (prefix.size > 0) {
        done = buffer_append(&end, prefix.data, prefix.size, error);
        if (done) {
            end.data[end.size - 1]++;
        }
        done = done && buffer_append_text(sql, " AND key < ", error) &&
               kv_append_bytea(sql, buffer_slice(&end), error);
    }
    buffer_free(&end);
    return done;
}

/* `standard_conforming_strings` is on, see pg_begin. */
static bool append_condition(const KvTable *table, Buffer *sql, Slice partition, Slice prefix,
                             Error *error)
{
    return buffer_append_format(sql, error, " FROM %s WHERE partition_key = ", table->table) &&
           kv_append_bytea(sql, partition, error) &&
           (prefix.size == 0 ||
            (buffer_append_text(sql, " AND key >= ", error) &&
             kv_append_bytea(sql, prefix, error) && append_end(sql, prefix, error)));
}

typedef struct RangeReader {
    const KvTable *table;
    CopyField fields[ENTRY_FIELDS];
    EntryFunction *function;
    void *state;
} RangeReader;

static bool read_row(void *state, Error *error)
{
    const RangeReader *reader = state;
    Entry entry;
    Slice tuple;

    if (!entry_from_fields(reader->fields, &entry, &tuple)) {
        error_set(error, EXIT_CODE_REFUSED, "table \"%s\" has a NULL in an entry",
                  reader->table->name);
        return error_hint(error, "No lakeFS writes one. Look for rows where a column IS NULL.");
    }
    return reader->function(reader->state, &entry, tuple, error);
}

bool kv_range_read(const KvTable *table, PgConnection *connection, Slice partition, Slice prefix,
                   EntryFunction *function, void *state, Error *error)
{
    RangeReader reader = {.table = table, .function = function, .state = state};
    PgCopyOut copy = {.table = table->name, .fields = reader.fields, .field_count = ENTRY_FIELDS};
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, "COPY (SELECT partition_key, key, value", error) &&
                append_condition(table, &sql, partition, prefix, error) &&
                buffer_append_text(&sql, ") TO STDOUT (FORMAT binary)", error);

    copy.sql = buffer_string(&sql);
    done = done && pg_copy_out(connection, &copy, read_row, &reader, error);
    buffer_free(&sql);
    return done;
}

bool kv_range_delete(const KvTable *table, PgConnection *connection, Slice partition, Slice prefix,
                     uint64_t *count, Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_text(&sql, "DELETE", error) &&
                append_condition(table, &sql, partition, prefix, error) &&
                pg_execute(connection, buffer_string(&sql), count, error);

    buffer_free(&sql);
    return done;
}
