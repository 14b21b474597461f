/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the load: builds the primary keys of large leaves in parallel sessions, attaches them to
 * the parent, counts the entries, and collects planner statistics.
 *
 * Small leaves get their keys with the parent's, in one statement, rather than in several for each:
 * in a small store all leaves are small, and most of them empty.
 */
#include "common/store/postgres/target.h"

#include "common/base/interrupt.h"
#include "common/base/quantity.h"
#include "common/base/workers.h"
#include "common/cli/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* For this many bytes, a few statements cost as much as an index, which another session may build
 * meanwhile. */
enum { SMALL_LEAF_BYTES = 128 * 1024 };

/*
 * The number of entries in an index that has just been built: its reltuples is the number of tuples
 * (PostgreSQL's index_update_stats), as a float4, which is exact up to 2^24.  This saves a scan of
 * the table.
 */
#define ENTRIES_OF_INDEX "greatest(c.reltuples, 0)::int8"
enum { EXACT_ENTRIES = 1 << 24 };

typedef struct Completion {
    Target *target;
    PgRows *leaves;       /* number and bytes, largest first */
    int large;            /* how many of them are not small: the first ones */
    uint64_t total_bytes; /* of all leaves */
    uint64_t memory_kb;   /* the server's maintenance_work_mem */
    uint64_t helpers;     /* the server's max_parallel_maintenance_workers */

    WorkPieces rows;       /* leaves to do ... */
    pthread_mutex_t mutex; /* ... guards what follows */
    uint64_t entries;
} Completion;

static bool list_leaves(Target *target, PgRows **rows, Error *error)
{
    const char *parameters[] = {target->table.table, target->table.name};

    /* A leaf is named after the table, "_" and its number. */
    return pg_query(target->database.connection,
                    "SELECT substr(c.relname, length($2) + 2), pg_relation_size(c.oid)"
                    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                    " WHERE i.inhparent = $1::regclass ORDER BY pg_relation_size(c.oid) DESC",
                    2, parameters, rows, error);
}

/* Returns a number from a result, 0 if there is none. */
static uint64_t number_at(const PgRows *rows, int row, int column)
{
    const char *text = row < pg_rows_count(rows) ? pg_rows_text(rows, row, column) : NULL;

    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static int leaf_number(const Completion *completion, int row)
{
    return (int)number_at(completion->leaves, row, 0);
}

static uint64_t leaf_bytes(const Completion *completion, int row)
{
    return number_at(completion->leaves, row, 1);
}

static void sum_leaves(Completion *completion)
{
    for (int i = 0; i < pg_rows_count(completion->leaves); i++) {
        completion->total_bytes += leaf_bytes(completion, i);
        completion->large += leaf_bytes(completion, i) > SMALL_LEAF_BYTES ? 1 : 0;
    }
}

static void stop_completion(void *shared)
{
    Completion *completion = shared;

    work_pieces_stop(&completion->rows);
}

/*
 * Settings for building the index of the leaf in this row, or of small ones if it is the first of
 * them.
 *
 * Sorting in memory makes building an index fast: use as much as the leaf needs, up to a limit that
 * a server can be expected to afford per session, and never less than its own setting.
 *
 * Sessions that each build an index keep the processors busy, so parallel workers of the server
 * would only get in their way (0.83 s instead of 0.67 s for 1.1 million entries on two cores).  But
 * a leaf that is larger than a session's share keeps the others waiting in the end, so it gets one
 * worker per share (a million entries in one leaf: 1.4 s instead of 2.3 s).
 *
 * The planner needs to know the size of a leaf and that its keys are distinct, for which a small
 * sample is enough.  Full statistics would take half as long as the load; autovacuum collects them
 * later.
 */
static bool set_up_work(const Completion *completion, PgConnection *connection, int row,
                        Error *error)
{
    enum { LOWEST_KB = 64 * 1024, HIGHEST_KB = 512 * 1024, STATISTICS_TARGET = 1 };
    uint64_t bytes = leaf_bytes(completion, row);
    uint64_t sessions = (uint64_t)completion->target->options->jobs;
    uint64_t memory_kb = bytes / 1024;
    uint64_t helpers = 0;
    char sql[256];

    memory_kb = memory_kb < LOWEST_KB ? LOWEST_KB : memory_kb;
    memory_kb = memory_kb > HIGHEST_KB ? HIGHEST_KB : memory_kb;
    memory_kb = memory_kb < completion->memory_kb ? completion->memory_kb : memory_kb;
    if (completion->total_bytes > 0) {
        helpers = (sessions * bytes + completion->total_bytes / 2) / completion->total_bytes;
        helpers -= helpers > 0 ? 1 : 0; /* minus the session itself */
    }
    helpers = helpers > completion->helpers ? completion->helpers : helpers;
    snprintf(sql, sizeof sql,
             "SET LOCAL default_statistics_target = %d;"
             "SET LOCAL max_parallel_maintenance_workers = %" PRIu64 ";"
             "SET LOCAL maintenance_work_mem = %" PRIu64,
             STATISTICS_TARGET, helpers, memory_kb);
    return pg_execute(connection, sql, NULL, error);
}

/* Reads the server's own settings. */
static bool read_settings(Completion *completion, Error *error)
{
    PgRows *rows;

    if (!pg_query(completion->target->database.connection,
                  "SELECT max(setting::int8) FILTER (WHERE name = 'maintenance_work_mem'),"
                  " max(setting::int8) FILTER (WHERE name = 'max_parallel_maintenance_workers')"
                  " FROM pg_settings",
                  0, NULL, &rows, error)) {
        return false;
    }
    completion->memory_kb = number_at(rows, 0, 0);
    completion->helpers = number_at(rows, 0, 1);
    pg_rows_free(rows);
    return true;
}

/* Runs a statement with the leaf's name between `before` and `after`. */
static bool run_on_leaf(PgConnection *connection, const char *before, const char *leaf,
                        const char *after, Error *error)
{
    Buffer sql = {0};
    bool done;

    done = buffer_append_format(&sql, error, "%s%s%s", before, leaf, after) &&
           pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

/* Queries a number about the leaf, which is inserted by name or passed as $1. */
static bool query_leaf(PgConnection *connection, const char *before, const char *leaf,
                       bool as_parameter, uint64_t *number, Error *error)
{
    const char *parameters[] = {leaf};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done;

    done =
        buffer_append_format(&sql, error, "%s%s", before, as_parameter ? "$1::regclass" : leaf) &&
        pg_query(connection, buffer_string(&sql), as_parameter ? 1 : 0, parameters, &rows, error);
    *number = done ? number_at(rows, 0, 0) : 0;
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

/* Number of entries in a leaf whose index has just been built. */
static bool count_entries(PgConnection *connection, const char *leaf, uint64_t *entries,
                          Error *error)
{
    return query_leaf(connection,
                      "SELECT " ENTRIES_OF_INDEX " FROM pg_index i"
                      " JOIN pg_class c ON c.oid = i.indexrelid"
                      " WHERE i.indisprimary AND i.indisvalid AND i.indrelid = ",
                      leaf, true, entries, error) &&
           (*entries < EXACT_ENTRIES ||
            query_leaf(connection, "SELECT count(*) FROM ", leaf, false, entries, error));
}

static bool complete_leaf(Completion *completion, PgConnection *connection, int row, Error *error)
{
    Buffer name = {0};
    uint64_t entries = 0;
    bool done;

    done =
        kv_table_append_leaf(&completion->target->table, connection, leaf_number(completion, row),
                             &name, error) &&
        set_up_work(completion, connection, row, error) &&
        run_on_leaf(connection, "ALTER TABLE ", buffer_string(&name),
                    " ADD PRIMARY KEY (partition_key, key)", error) &&
        count_entries(connection, buffer_string(&name), &entries, error) &&
        run_on_leaf(connection, "ANALYZE ", buffer_string(&name), " (partition_key, key)", error);
    if (done) {
        pthread_mutex_lock(&completion->mutex);
        completion->entries += entries;
        pthread_mutex_unlock(&completion->mutex);
        progress_add(entries, leaf_bytes(completion, row));
    }
    buffer_free(&name);
    return done;
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Completion *completion = shared;
    PgConnection *connection = NULL;
    bool done;
    size_t row;

    (void)number;
    done = legacy_database_connect(&completion->target->database, &connection, error) &&
           postgres_begin_work(completion->target, connection, error);
    while (done && work_pieces_take(&completion->rows, &row)) {
        done = interrupt_check(error) && complete_leaf(completion, connection, (int)row, error);
    }
    done = done && pg_commit(connection, error);
    pg_close(connection);
    return done;
}

/* Adds the entries of small leaves, whose indexes have just been built. */
static bool count_small_leaves(Completion *completion, Error *error)
{
    char size[16];
    const char *parameters[] = {completion->target->table.table, size};
    uint64_t bytes = 0;
    PgRows *rows;

    snprintf(size, sizeof size, "%d", (int)SMALL_LEAF_BYTES);
    if (!pg_query(completion->target->database.connection,
                  "SELECT sum(" ENTRIES_OF_INDEX ") FROM pg_inherits h"
                  " JOIN pg_index i ON i.indrelid = h.inhrelid"
                  " JOIN pg_class c ON c.oid = i.indexrelid"
                  " WHERE h.inhparent = $1::regclass AND i.indisprimary AND i.indisvalid"
                  " AND pg_relation_size(h.inhrelid) <= $2::int8",
                  2, parameters, &rows, error)) {
        return false;
    }
    completion->entries += number_at(rows, 0, 0);
    for (int i = completion->large; i < pg_rows_count(completion->leaves); i++) {
        bytes += leaf_bytes(completion, i);
    }
    progress_add(number_at(rows, 0, 0), bytes);
    pg_rows_free(rows);
    return true;
}

/* Without statistics, the planner takes a leaf, even an empty one, for one of ten pages. */
static bool analyze_small_leaves(const Completion *completion, Error *error)
{
    PgConnection *connection = completion->target->database.connection;
    Buffer sql = {0};
    const char *separator = "ANALYZE ";
    bool done = true;

    for (int i = completion->large; done && i < pg_rows_count(completion->leaves); i++) {
        done = buffer_append_text(&sql, separator, error) &&
               kv_table_append_leaf(&completion->target->table, connection,
                                    leaf_number(completion, i), &sql, error) &&
               buffer_append_text(&sql, " (partition_key, key)", error);
        separator = ", ";
    }
    done = done && (sql.size == 0 || pg_execute(connection, buffer_string(&sql), NULL, error));
    buffer_free(&sql);
    return done;
}

/* Builds the keys of large leaves. */
static bool complete_large_leaves(Completion *completion, Error *error)
{
    int sessions = completion->target->options->jobs;

    if (completion->large == 0) {
        return true;
    }
    sessions = sessions < completion->large ? sessions : completion->large;
    work_pieces_init(&completion->rows, (size_t)completion->large);
    return workers_run((size_t)sessions, run_worker, completion, stop_completion, error);
}

/* Adds the parent's key, and so those of small leaves. */
static bool complete_table(Completion *completion, Error *error)
{
    PgConnection *connection = completion->target->database.connection;

    return set_up_work(completion, connection, completion->large, error) &&
           kv_table_add_primary_key(&completion->target->table, connection, error) &&
           count_small_leaves(completion, error);
}

/* Compares the server's count, minus the version's entry, with the manifest. */
static bool check_count(const Completion *completion, const DumpManifest *manifest, Error *error)
{
    uint64_t expected = dump_manifest_entries(manifest);
    char entries[QUANTITY_SIZE];

    return completion->entries == expected + 1 ||
           error_set(error, EXIT_CODE_FAILED, "table \"%s\" holds %s instead of %" PRIu64,
                     completion->target->table.name,
                     quantity_noun(completion->entries - 1, "entry", "entries", entries), expected);
}

/* Begins the next phase of the progress report. */
static bool begin_verification(const DumpManifest *manifest)
{
    progress_end();
    progress_begin("verify", dump_manifest_entries(manifest));
    return true;
}

/* Runs in the transaction that postgres_prepare began, which stays open while the workers run. */
bool postgres_complete(Target *target, const DumpManifest *manifest, Error *error)
{
    Completion completion = {.target = target};
    bool done;

    pthread_mutex_init(&completion.mutex, NULL);
    progress_begin("index", dump_manifest_entries(manifest));
    done = list_leaves(target, &completion.leaves, error) && read_settings(&completion, error);
    if (done) {
        sum_leaves(&completion);
    }
    done = done && complete_large_leaves(&completion, error) &&
           complete_table(&completion, error) && begin_verification(manifest) &&
           check_count(&completion, manifest, error) && analyze_small_leaves(&completion, error) &&
           kv_table_allow_autovacuum(&target->table, target->database.connection, error) &&
           pg_commit(target->database.connection, error);
    if (done) {
        progress_add(completion.entries - 1, 0);
        progress_end();
    }
    pg_rows_free(completion.leaves);
    pthread_mutex_destroy(&completion.mutex);
    return done;
}
