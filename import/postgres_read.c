/*
 * Reading the KV table: its leaves as COPY BINARY, by several sessions in one snapshot.
 */
#include "import/postgres.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/copy/binary.h"
#include "common/kv/model.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The size of a tuple's field count and of the length of its first field. */
enum { BEFORE_FIRST_FIELD = 2 + 4, FIELD_COUNT = 3 };

/* Rows after which the progress is told. */
enum { ROWS_TOLD = 1024 };

typedef struct Reading {
    Target *target;
    const EntryVisitor *visitor;
    void *state;
    PgRows *relations; /* quoted and qualified names, the largest first */
    char *snapshot;

    pthread_mutex_t mutex; /* guards what follows */
    int next;
} Reading;

bool postgres_open_to_read(ImportOptions *options, Target **target, uint64_t *version, Error *error)
{
    KvTableState state = KV_TABLE_NONE;
    Target *t = calloc(1, sizeof *t);

    *target = t;
    if (t == NULL) {
        return error_out_of_memory(error);
    }
    t->options = options;
    if (!pg_connect(&options->common.pg, &t->connection, error) ||
        !pg_schema_find(t->connection, options->common.schema, &t->schema, error) ||
        !kv_table_init(&t->table, t->connection, &t->schema, options->table, options->partitions,
                       error) ||
        !pg_begin(t->connection, PG_READ_SNAPSHOT, options->common.lock_wait_timeout_ms, error) ||
        !kv_table_inspect(&t->table, t->connection, &state, version, error)) {
        return false;
    }
    if (state == KV_TABLE_NONE) {
        error_set(error, EXIT_CODE_REFUSED,
                  "there is no table \"%s\" in schema \"%s\" of database "
                  "\"%s\"",
                  t->table.name, t->schema.name, t->schema.database);
        return error_hint(error, "Name the schema with --schema, the table with --table.");
    }
    return true;
}

/* The table itself, or its leaves where it is partitioned. */
static bool list_relations(Reading *reading, Error *error)
{
    const char *parameters[] = {reading->target->table.table};

    return pg_query(reading->target->connection,
                    "WITH RECURSIVE tree AS (SELECT $1::regclass::oid AS oid"
                    " UNION ALL"
                    " SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent)"
                    "SELECT format('%I.%I', n.nspname, c.relname)"
                    " FROM tree t JOIN pg_class c ON c.oid = t.oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE c.relkind <> 'p' ORDER BY pg_relation_size(c.oid) DESC",
                    1, parameters, &reading->relations, error);
}

static const char *take_relation(Reading *reading)
{
    const char *relation = NULL;

    pthread_mutex_lock(&reading->mutex);
    if (reading->next < pg_rows_count(reading->relations)) {
        relation = pg_rows_text(reading->relations, reading->next++, 0);
    }
    pthread_mutex_unlock(&reading->mutex);
    return relation;
}

static void stop_reading(void *shared)
{
    Reading *reading = shared;

    pthread_mutex_lock(&reading->mutex);
    reading->next = pg_rows_count(reading->relations);
    pthread_mutex_unlock(&reading->mutex);
}

/* Hands a tuple to the visitor; the version's entry is nobody's business. */
static bool visit_tuple(Reading *reading, void *worker, const CopyField *fields, Error *error)
{
    const uint8_t *begin = fields[0].data - BEFORE_FIRST_FIELD;
    const uint8_t *end = fields[2].data + fields[2].size;
    Entry entry = {slice_of(fields[0].data, (size_t)fields[0].size),
                   slice_of(fields[1].data, (size_t)fields[1].size),
                   slice_of(fields[2].data, (size_t)fields[2].size)};

    return slice_equal(entry.partition_key, slice_text(KV_PARTITION_INTERNAL)) ||
           reading->visitor->visit(worker, &entry, slice_of(begin, (size_t)(end - begin)), error);
}

/* Hands on all tuples of what has come. */
static CopyStatus visit_tuples(Reading *reading, CopyParser *parser, void *worker, uint64_t *rows,
                               Error *error)
{
    CopyField fields[FIELD_COUNT];
    CopyStatus status;

    while ((status = copy_parser_next(parser, fields, error)) == COPY_TUPLE) {
        if (fields[0].size < 0 || fields[1].size < 0 || fields[2].size < 0) {
            error_set(error, EXIT_CODE_REFUSED, "table \"%s\" has a NULL in an entry",
                      reading->target->table.name);
            error_hint(error, "No lakeFS writes one. Look for rows where a column IS NULL; "
                              "kv-import --clean loads the dump again.");
            return COPY_INVALID;
        }
        if (!visit_tuple(reading, worker, fields, error)) {
            return COPY_INVALID;
        }
        (*rows)++;
    }
    return status;
}

static bool copy_out(Reading *reading, PgConnection *connection, const char *sql, void *worker,
                     Error *error)
{
    CopyParser parser = {.field_count = FIELD_COUNT};
    CopyStatus status = COPY_MORE;
    uint64_t rows = 0;
    uint64_t bytes = 0;
    bool end = false;
    bool done = pg_copy_out_begin(connection, sql, error);

    while (done && !end) {
        Slice piece;

        done = pg_copy_out_read(connection, &piece, &end, error);
        if (done && !end) {
            done = interrupt_check(error) && copy_parser_feed(&parser, piece, error);
        }
        if (done && !end) {
            status = visit_tuples(reading, &parser, worker, &rows, error);
            done = status != COPY_INVALID;
            bytes += piece.size;
        }
        if (rows >= ROWS_TOLD || end) {
            progress_add(rows, bytes);
            rows = 0;
            bytes = 0;
        }
    }
    copy_parser_free(&parser);
    return done && (status == COPY_END ||
                    error_set(error, EXIT_CODE_FAILED,
                              "the COPY BINARY stream of table \"%s\" ends without its trailer",
                              reading->target->table.name));
}

static bool read_relation(Reading *reading, PgConnection *connection, const char *relation,
                          void *worker, Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    bool done;

    if (buffer_append_format(&sql, error,
                             "COPY (SELECT partition_key, key, value FROM ONLY %s)"
                             " TO STDOUT (FORMAT binary)",
                             relation)) {
        text = buffer_text(&sql, error);
    }
    done = text != NULL && copy_out(reading, connection, text, worker, error);
    buffer_free(&sql);
    return done;
}

static bool read_relations(Reading *reading, PgConnection *connection, Error *error)
{
    const char *relation;
    void *worker = NULL;
    Error ignored;
    bool done = reading->visitor->begin(reading->state, &worker, error);

    while (done && (relation = take_relation(reading)) != NULL) {
        done = read_relation(reading, connection, relation, worker, error);
    }
    return reading->visitor->end(worker, done, done ? error : &ignored) && done;
}

/* The first worker has the connection that exported the snapshot; the others join it. */
static bool run_worker(void *shared, size_t number, Error *error)
{
    Reading *reading = shared;
    PgConnection *connection = NULL;
    bool done;

    if (number == 0) {
        return read_relations(reading, reading->target->connection, error);
    }
    done = postgres_connect_worker(reading->target, &connection, error) &&
           pg_begin(connection, PG_READ_SNAPSHOT, 0, error) &&
           pg_join_snapshot(connection, reading->snapshot, error) &&
           read_relations(reading, connection, error);
    pg_close(connection);
    return done;
}

bool postgres_read(Target *target, const EntryVisitor *visitor, void *state, Error *error)
{
    Reading reading = {.target = target, .visitor = visitor, .state = state};
    bool done;

    pthread_mutex_init(&reading.mutex, NULL);
    done = list_relations(&reading, error) &&
           pg_export_snapshot(target->connection, &reading.snapshot, error) &&
           workers_run((size_t)target->options->jobs, run_worker, &reading, stop_reading, error);
    pg_rows_free(reading.relations);
    free(reading.snapshot);
    pthread_mutex_destroy(&reading.mutex);
    return done;
}
