/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to a KV table in use, in one transaction.
 *
 * It holds the migration lock, which keeps out other loads, and ROW EXCLUSIVE on the table, as any
 * writer does: a running lakeFS goes on, and waits only for rows that are deleted or written here.
 */
#include "common/store/change.h"

#include "common/pg/copy.h"
#include "common/pg/lock.h"
#include "common/pg/server_info.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/postgres/range.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct StoreChange {
    PgConnection *connection;
    PgSchema schema;
    KvTable table;
    bool copying; /* a COPY is in progress */
    uint64_t put; /* entries sent by it */
};

/* Entries of `collect`. */
#define COLLECTED "pg_temp.kv_restored"

static bool refuse_unstamped(const StoreChange *change, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "there is no stamped KV store in table \"%s\" in schema \"%s\" of database \"%s\"",
              change->table.name, change->schema.name, change->schema.database);
    return error_hint(error, "A part of a dump is restored into a store in use. To load a whole "
                             "dump, omit --repository and --package.");
}

/* Names who holds the lock, if it was for that. */
static bool failed(const StoreChange *change, Error *error)
{
    return pg_lock_explain(change->connection, &change->schema, error);
}

static bool open_change(const TargetOptions *options, StoreChange **change, uint64_t *version,
                        Error *error)
{
    KvStoreState state = KV_STORE_NONE;
    StoreChange *c = calloc(1, sizeof *c);

    *change = c;
    if (c == NULL) {
        return error_out_of_memory(error);
    }
    return (pg_connect(options->pg, &c->connection, error) &&
            pg_schema_find(c->connection, options->schema, &c->schema, error) &&
            kv_table_init(&c->table, c->connection, &c->schema, options->table, 0, error) &&
            pg_begin(c->connection, PG_READ_SNAPSHOT, 0, error) &&
            pg_refuse_standby(c->connection, error) && pg_commit(c->connection, error) &&
            pg_begin(c->connection, PG_READ_WRITE, options->lock_wait_timeout_ms, error) &&
            pg_lock_acquire(c->connection, &c->schema, error) &&
            kv_table_inspect(&c->table, c->connection, &state, version, error) &&
            (state == KV_STORE_STAMPED || refuse_unstamped(c, error))) ||
           failed(c, error);
}

static bool read_range(void *change, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error)
{
    const StoreChange *c = change;

    return kv_range_read(&c->table, c->connection, partition, prefix, function, function_state,
                         error) ||
           failed(c, error);
}

static bool remove_range(StoreChange *change, Slice partition, Slice prefix, const ByteMap *kept,
                         uint64_t *count, Error *error)
{
    uint64_t removed;

    (void)kept;
    if (!kv_range_delete(&change->table, change->connection, partition, prefix, &removed, error)) {
        return failed(change, error);
    }
    *count += removed;
    return true;
}

/* Another program has written to the same keys. */
static bool explain_conflict(const StoreChange *change, Error *error)
{
    static const char UNIQUE_VIOLATION[] = "23505";

    if (strcmp(pg_sqlstate(change->connection), UNIQUE_VIOLATION) == 0) {
        error_set(error, EXIT_CODE_REFUSED,
                  "another program has written entries that were to be restored to table \"%s\"",
                  change->table.name);
        error_detail(error, "%s", pg_failure_text(change->connection));
        error_hint(error, "Nothing was changed. Make sure that nobody works with the repository, "
                          "then run again.");
    }
    return failed(change, error);
}

static bool begin_copy(StoreChange *change, const char *table, Error *error)
{
    Buffer sql = {0};

    change->copying =
        buffer_append_format(
            &sql, error, "COPY %s (partition_key, key, value) FROM STDIN (FORMAT binary)", table) &&
        pg_copy_in_begin(change->connection, buffer_string(&sql), error) &&
        pg_copy_in_write(change->connection, slice_of(COPY_HEADER, COPY_HEADER_SIZE), error);
    buffer_free(&sql);
    return change->copying || failed(change, error);
}

static bool copy_tuples(StoreChange *change, Slice tuples, Error *error)
{
    const char *problem;
    Slice rest = tuples;
    Entry entry;

    while (rest.size > 0 && entry_next(&rest, &entry, &problem)) {
        change->put++;
    }
    return pg_copy_in_write(change->connection, tuples, error) || explain_conflict(change, error);
}

static bool end_copy(StoreChange *change, Error *error)
{
    uint64_t rows;

    if (!change->copying) {
        return true;
    }
    change->copying = false;
    if (!pg_copy_in_write(change->connection, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) ||
        !pg_copy_in_end(change->connection, &rows, error)) {
        return explain_conflict(change, error);
    }
    return rows == change->put ||
           error_set(error, EXIT_CODE_FAILED,
                     "the server has stored %" PRIu64 " entries of %" PRIu64, rows, change->put);
}

static bool put(StoreChange *change, Slice tuples, Error *error)
{
    return (change->copying || begin_copy(change, change->table.table, error)) &&
           copy_tuples(change, tuples, error);
}

/* Deletes the entry, which must have the value. */
static bool delete_record(StoreChange *change, const Entry *record, Slice value, Error *error)
{
    uint64_t deleted = 0;
    Buffer sql = {0};
    bool done =
        buffer_append_format(&sql, error,
                             "DELETE FROM %s WHERE partition_key = ", change->table.table) &&
        kv_append_bytea(&sql, record->partition_key, error) &&
        buffer_append_text(&sql, " AND key = ", error) &&
        kv_append_bytea(&sql, record->key, error) &&
        buffer_append_text(&sql, " AND value = ", error) && kv_append_bytea(&sql, value, error) &&
        pg_execute(change->connection, buffer_string(&sql), &deleted, error);

    buffer_free(&sql);
    if (done && deleted != 1) {
        error_set(error, EXIT_CODE_REFUSED,
                  "another program has changed the repository in the meantime");
        return error_hint(error, "Nothing was changed. Run again.");
    }
    return done || failed(change, error);
}

static bool insert_record(StoreChange *change, const Entry *record, Error *error)
{
    Buffer sql = {0};
    bool done =
        buffer_append_format(&sql, error, "INSERT INTO %s (partition_key, key, value) VALUES (",
                             change->table.table) &&
        kv_append_bytea(&sql, record->partition_key, error) &&
        buffer_append_text(&sql, ", ", error) && kv_append_bytea(&sql, record->key, error) &&
        buffer_append_text(&sql, ", ", error) && kv_append_bytea(&sql, record->value, error) &&
        buffer_append_text(&sql, ")", error) &&
        (pg_execute(change->connection, buffer_string(&sql), NULL, error) ||
         explain_conflict(change, error));

    buffer_free(&sql);
    return done;
}

static bool switch_record(StoreChange *change, const Entry *record, const Slice *replaced,
                          Error *error)
{
    return end_copy(change, error) &&
           (replaced == NULL || delete_record(change, record, *replaced, error)) &&
           insert_record(change, record, error);
}

static bool collect(StoreChange *change, Slice tuples, Error *error)
{
    return (change->copying ||
            (pg_execute(change->connection,
                        "CREATE TEMPORARY TABLE kv_restored (partition_key bytea NOT NULL,"
                        " key bytea NOT NULL, value bytea NOT NULL) ON COMMIT DROP",
                        NULL, error) &&
             begin_copy(change, COLLECTED, error))) &&
           copy_tuples(change, tuples, error);
}

/* Counts the entries that the store has, and names one that differs. */
static bool compare_collected(StoreChange *change, MergeCounts *counts, Buffer *example,
                              Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done =
        buffer_append_format(
            &sql, error,
            "SELECT count(*) FILTER (WHERE k.value = r.value),"
            " count(*) FILTER (WHERE k.value <> r.value),"
            " min(encode(r.partition_key, 'escape') || '\", key \"' || encode(r.key, 'escape'))"
            "  FILTER (WHERE k.value <> r.value)"
            " FROM " COLLECTED " r JOIN %s k USING (partition_key, key)",
            change->table.table) &&
        pg_query(change->connection, buffer_string(&sql), 0, NULL, &rows, error);

    if (done) {
        const char *name = pg_rows_text(rows, 0, 2);

        counts->equal = strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
        counts->different = strtoull(pg_rows_text(rows, 0, 1), NULL, 10);
        done = buffer_append_text(example, name == NULL ? "" : name, error);
    }
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static bool insert_collected(StoreChange *change, ExistingAction action, uint64_t *written,
                             Error *error)
{
    Buffer sql = {0};
    bool done = buffer_append_format(&sql, error,
                                     "INSERT INTO %s AS k (partition_key, key, value)"
                                     " SELECT partition_key, key, value FROM " COLLECTED
                                     " ON CONFLICT (partition_key, key) DO %s",
                                     change->table.table,
                                     action == EXISTING_OVERWRITE
                                         ? "UPDATE SET value = excluded.value WHERE k.value <> "
                                           "excluded.value"
                                         : "NOTHING") &&
                pg_execute(change->connection, buffer_string(&sql), written, error);

    buffer_free(&sql);
    return done;
}

static bool merge(StoreChange *change, ExistingAction action, MergeCounts *counts, Error *error)
{
    Buffer example = {0};
    uint64_t written = 0;
    bool done;

    *counts = (MergeCounts){0};
    if (change->put == 0) {
        return true;
    }
    done = end_copy(change, error) && compare_collected(change, counts, &example, error) &&
           ((action != EXISTING_REFUSE || counts->different == 0) ||
            store_change_refuse_different(counts, buffer_string(&example), error)) &&
           insert_collected(change, action, &written, error);
    counts->added = written;
    if (action == EXISTING_OVERWRITE) {
        counts->added -= counts->different < written ? counts->different : written;
    }
    buffer_free(&example);
    return done || failed(change, error);
}

static bool end_change(StoreChange *change, Error *error)
{
    return (end_copy(change, error) && pg_commit(change->connection, error)) ||
           failed(change, error);
}

static void close_change(StoreChange *change)
{
    if (change != NULL) {
        kv_table_free(&change->table);
        pg_schema_free(&change->schema);
        pg_close(change->connection);
        free(change);
    }
}

const ChangeDriver CHANGE_POSTGRES = {
    .name = "postgres",
    .is_atomic = true,
    .cancel = pg_cancel_all,
    .open = open_change,
    .read_range = read_range,
    .remove = remove_range,
    .put = put,
    .switch_record = switch_record,
    .collect = collect,
    .merge = merge,
    .end = end_change,
    .close = close_change,
};
