/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KV store in PostgreSQL: reads the leaves of the table as COPY BINARY, in parallel sessions with
 * one snapshot.
 */
#include "common/store/store.h"

#include "common/base/text.h"
#include "common/base/workers.h"
#include "common/kv/model.h"
#include "common/pg/copy_out.h"
#include "common/pg/lock.h"
#include "common/pg/page_range.h"
#include "common/pg/schema.h"
#include "common/pg/server_info.h"
#include "common/store/postgres/kv_table.h"
#include "common/store/postgres/range.h"

#include <stdlib.h>

/* The ranges read by one statement. */
typedef struct Part {
    size_t first;
    size_t count;
} Part;

/* Columns of the list of relations. */
enum { COLUMN_NAME, COLUMN_PAGES, COLUMN_ROWS };

struct Store {
    const StoreOptions *options;
    PgConnection *connection; /* its transaction holds the snapshot */
    PgSchema schema;
    KvTable table;
    char *snapshot; /* for other connections to join */
    char *snapshot_text;
    char *system_identifier;
    char time[PG_TIME_TEXT_SIZE];
    PgRows *relations; /* largest first */
    PgPageRange *ranges;
    size_t range_count;
    Part *parts;
    size_t part_count;
};

typedef struct Reading {
    Store *store;
    const EntryVisitor *visitor;
    void *state;
    WorkPieces parts;
} Reading;

/* Adopts the snapshot that the options name, if any. */
static bool join_snapshot(Store *store, Error *error)
{
    const char *name = store->options->snapshot;

    if (name == NULL) {
        return true;
    }
    if (!pg_join_snapshot(store->connection, name, error)) {
        error->code = error->code == EXIT_CODE_FAILED ? EXIT_CODE_USAGE : error->code;
        return false;
    }
    return text_copy(name, &store->snapshot, error);
}

/* Lists the table, or its leaves if it is partitioned, with their pages and rows. */
static bool list_relations(Store *store, Error *error)
{
    const char *parameters[] = {store->table.table};

    return pg_query(store->connection,
                    "WITH RECURSIVE tree AS (SELECT $1::regclass::oid AS oid"
                    " UNION ALL"
                    " SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent)"
                    "SELECT format('%I.%I', n.nspname, c.relname),"
                    " pg_relation_size(c.oid) / current_setting('block_size')::int8 AS pages,"
                    " greatest(c.reltuples, 0)::int8"
                    " FROM tree t JOIN pg_class c ON c.oid = t.oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE c.relkind <> 'p' ORDER BY pages DESC, c.relname",
                    1, parameters, &store->relations, error);
}

static bool open_table(Store *s, uint64_t *version, Error *error)
{
    const StoreOptions *options = s->options;
    KvStoreState state = KV_STORE_NONE;

    if (!pg_connect(options->pg, &s->connection, error) ||
        !pg_schema_find(s->connection, options->schema, &s->schema, error) ||
        !kv_table_init(&s->table, s->connection, &s->schema, options->table, 0, error) ||
        !pg_begin(s->connection, PG_READ_SNAPSHOT, options->lock_wait_timeout_ms, error) ||
        !join_snapshot(s, error) ||
        !kv_table_inspect(&s->table, s->connection, &state, version, error)) {
        return false;
    }
    if (state == KV_STORE_NONE) {
        error_set(error, EXIT_CODE_REFUSED,
                  "there is no table \"%s\" in schema \"%s\" of database "
                  "\"%s\"",
                  s->table.name, s->schema.name, s->schema.database);
        return error_hint(error, "Name the schema with --schema, the table with --table.");
    }
    /* So that no leaf is dropped before it was read. */
    return kv_table_execute(&s->table, s->connection, "LOCK TABLE {table} IN ACCESS SHARE MODE",
                            NULL, error) &&
           list_relations(s, error);
}

static bool open_store(const StoreOptions *options, Store **store, uint64_t *version, Error *error)
{
    Store *s = calloc(1, sizeof *s);

    *store = s;
    if (s == NULL) {
        return error_out_of_memory(error);
    }
    s->options = options;
    return open_table(s, version, error) || pg_lock_explain(s->connection, &s->schema, error);
}

static void close_store(Store *store)
{
    if (store != NULL) {
        pg_rows_free(store->relations);
        free(store->ranges);
        free(store->parts);
        free(store->snapshot);
        free(store->snapshot_text);
        free(store->system_identifier);
        kv_table_free(&store->table);
        pg_schema_free(&store->schema);
        pg_close(store->connection);
        free(store);
    }
}

/* Sums the planner's estimates; leaves that were never analyzed count as 0. */
static uint64_t estimate_entries(const Store *store)
{
    uint64_t entries = 0;

    for (int i = 0; i < pg_rows_count(store->relations); i++) {
        entries += strtoull(pg_rows_text(store->relations, i, COLUMN_ROWS), NULL, 10);
    }
    return entries;
}

static bool read_schema_version(Store *store, uint64_t *version, Error *error)
{
    int64_t number = 0;
    bool dirty;

    *version = 0;
    if (store->schema.has_migrations &&
        !pg_schema_version(store->connection, &store->schema, &number, &dirty, error)) {
        return false;
    }
    *version = (uint64_t)number;
    return true;
}

static bool describe(Store *store, StoreInfo *info, Error *error)
{
    int64_t microseconds;

    /* The old name of pg_current_snapshot(): PostgreSQL 12 has no other. */
    if ((store->snapshot_text == NULL &&
         !pg_query_text(store->connection, "SELECT txid_current_snapshot()", &store->snapshot_text,
                        error)) ||
        (store->system_identifier == NULL &&
         !pg_system_identifier(store->connection, &store->system_identifier, error)) ||
        !pg_transaction_time(store->connection, &microseconds, store->time, error)) {
        return false;
    }
    *info = (StoreInfo){
        .database = store->schema.database,
        .schema = store->schema.name,
        .server_version = pg_server_version_text(store->connection),
        .system_identifier = store->system_identifier,
        .snapshot = store->snapshot_text,
        .time = store->time,
        .estimated_entries = estimate_entries(store),
    };
    return pg_database_oid(store->connection, &info->database_oid, error) &&
           read_schema_version(store, &info->schema_version, error);
}

static bool add_part(Store *store, size_t first, size_t count, Error *error)
{
    Part *parts = realloc(store->parts, (store->part_count + 1) * sizeof *parts);

    if (parts == NULL) {
        return error_out_of_memory(error);
    }
    store->parts = parts;
    parts[store->part_count++] = (Part){first, count};
    return true;
}

static bool add_range(void *state, PgPageRange range, Error *error)
{
    Store *store = state;
    PgPageRange *ranges = realloc(store->ranges, (store->range_count + 1) * sizeof *ranges);

    if (ranges == NULL) {
        return error_out_of_memory(error);
    }
    store->ranges = ranges;
    ranges[store->range_count++] = range;
    return true;
}

/* Splits large leaves into several parts and combines small ones. */
static bool list_parts(Store *store, Error *error)
{
    uint64_t small_pages = 0;
    size_t first = 0;

    for (int i = 0; i < pg_rows_count(store->relations); i++) {
        uint64_t pages = strtoull(pg_rows_text(store->relations, i, COLUMN_PAGES), NULL, 10);

        if (!pg_page_ranges(store->connection, pg_rows_text(store->relations, i, COLUMN_NAME),
                            add_range, store, error)) {
            return false;
        }
        if (pages > PG_RANGE_PAGES) {
            while (first < store->range_count) {
                if (!add_part(store, first++, 1, error)) {
                    return false;
                }
            }
            continue;
        }
        small_pages += pages;
        if (small_pages > PG_RANGE_PAGES) {
            if (!add_part(store, first, store->range_count - first, error)) {
                return false;
            }
            first = store->range_count;
            small_pages = 0;
        }
    }
    return first == store->range_count || add_part(store, first, store->range_count - first, error);
}

static void stop_reading(void *shared)
{
    Reading *reading = shared;

    store_stop(&reading->parts, reading->visitor, reading->state);
}

/* The state of one thread. */
typedef struct Reader {
    Reading *reading;
    PgConnection *connection;
    void *worker; /* the visitor's, while reading a part */
    CopyField fields[ENTRY_FIELDS];
} Reader;

/* Passes a row to the visitor, except the version's entry. */
static bool visit_row(void *state, Error *error)
{
    const Reader *reader = state;
    Entry entry;
    Slice tuple;

    if (!entry_from_fields(reader->fields, &entry, &tuple)) {
        error_set(error, EXIT_CODE_REFUSED, "table \"%s\" has a NULL in an entry",
                  reader->reading->store->table.name);
        return error_hint(error, "No lakeFS writes one. Look for rows where a column IS NULL; "
                                 "kv-import --clean loads the dump again.");
    }
    return slice_equal(entry.partition_key, slice_text(KV_PARTITION_INTERNAL)) ||
           reader->reading->visitor->visit(reader->worker, &entry, tuple, error);
}

static bool read_part(void *state, size_t number, void *worker, Error *error)
{
    Reader *reader = state;
    const Store *store = reader->reading->store;
    const Part *part = &store->parts[number];
    const char *separator = "COPY (";
    PgCopyOut copy = {.table = store->table.name,
                      .fields = reader->fields,
                      .field_count = ENTRY_FIELDS,
                      .reports_progress = true};
    Buffer sql = {0};
    bool done = true;

    reader->worker = worker;
    for (size_t i = part->first; done && i < part->first + part->count; i++) {
        done = buffer_append_format(&sql, error, "%sSELECT partition_key, key, value FROM ",
                                    separator) &&
               pg_page_range_append(&store->ranges[i], &sql, error);
        separator = " UNION ALL ";
    }
    done = done && buffer_append_text(&sql, ") TO STDOUT (FORMAT binary)", error);
    copy.sql = buffer_string(&sql);
    done = done && pg_copy_out(reader->connection, &copy, visit_row, reader, error);
    buffer_free(&sql);
    return done;
}

static bool read_parts(Reading *reading, PgConnection *connection, Error *error)
{
    Reader reader = {.reading = reading, .connection = connection};

    return store_read_parts(&reading->parts, reading->visitor, reading->state, read_part, &reader,
                            error);
}

/* The first worker uses the connection that exported the snapshot; the others adopt it. */
static bool run_worker(void *shared, size_t number, Error *error)
{
    Reading *reading = shared;
    PgConnection *connection = NULL;
    bool done;

    if (number == 0) {
        return read_parts(reading, reading->store->connection, error);
    }
    done = pg_connect_again(reading->store->options->pg, &connection, error) &&
           pg_begin(connection, PG_READ_SNAPSHOT, 0, error) &&
           pg_share_snapshot(connection, reading->store->snapshot, error) &&
           read_parts(reading, connection, error);
    pg_close(connection);
    return done;
}

static bool read_store(Store *store, const EntryVisitor *visitor, void *state, Error *error)
{
    Reading reading = {.store = store, .visitor = visitor, .state = state};

    if ((store->parts == NULL && !list_parts(store, error)) ||
        (store->snapshot == NULL &&
         !pg_export_snapshot(store->connection, &store->snapshot, error))) {
        return false;
    }
    work_pieces_init(&reading.parts, store->part_count);
    return workers_run((size_t)store->options->jobs, run_worker, &reading, stop_reading, error);
}

static bool read_range(void *store, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error)
{
    const Store *s = store;

    return kv_range_read(&s->table, s->connection, partition, prefix, function, function_state,
                         error);
}

const StoreDriver STORE_POSTGRES = {
    .name = "postgres",
    .cancel = pg_cancel_all,
    .open = open_store,
    .describe = describe,
    .read = read_store,
    .read_range = read_range,
    .close = close_store,
};
