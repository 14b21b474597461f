/*
 * After the load: the leaves' primary keys, made by as many sessions as there are workers, which
 * the parent then takes over; the count of what is there; the planner's statistics.
 */
#include "import/postgres.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Completion {
    Target *target;
    PgRows *leaves; /* number and bytes, the largest first */

    pthread_mutex_t mutex; /* guards what follows */
    int next;
    uint64_t entries;
} Completion;

static bool list_leaves(Target *target, PgRows **rows, Error *error)
{
    const char *parameters[] = {target->table.table, target->table.name};

    /* A leaf's number is what follows the table's name and "_". */
    return pg_query(target->connection,
                    "SELECT substr(c.relname, length($2) + 2), pg_relation_size(c.oid)"
                    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                    " WHERE i.inhparent = $1::regclass ORDER BY pg_relation_size(c.oid) DESC",
                    2, parameters, rows, error);
}

static int take_leaf(Completion *completion)
{
    int next = -1;

    pthread_mutex_lock(&completion->mutex);
    if (completion->next < pg_rows_count(completion->leaves)) {
        next = completion->next++;
    }
    pthread_mutex_unlock(&completion->mutex);
    return next;
}

static void stop_completion(void *shared)
{
    Completion *completion = shared;

    pthread_mutex_lock(&completion->mutex);
    completion->next = pg_rows_count(completion->leaves);
    pthread_mutex_unlock(&completion->mutex);
}

/*
 * Settings for the work on one leaf.
 *
 * Sorting in memory is what makes an index quick to build: as much as the leaf wants, up to a bound
 * that a server can be expected to have for each session, and never less than it gives itself.
 *
 * The planner wants to know how large a leaf is and that its keys differ; a small sample says that.
 * The full one takes half as long as the load itself, and autovacuum takes it in its own time.
 */
static bool set_up_work(PgConnection *connection, uint64_t leaf_bytes, Error *error)
{
    enum { LOWEST_KB = 64 * 1024, HIGHEST_KB = 512 * 1024, STATISTICS_TARGET = 10 };
    uint64_t wanted = leaf_bytes / 1024;
    char sql[320];

    wanted = wanted < LOWEST_KB ? LOWEST_KB : wanted;
    wanted = wanted > HIGHEST_KB ? HIGHEST_KB : wanted;
    snprintf(sql, sizeof sql,
             "SET LOCAL default_statistics_target = %d;"
             "SELECT set_config('maintenance_work_mem', greatest(%" PRIu64 ", setting::int8)::text,"
             " true) FROM pg_settings WHERE name = 'maintenance_work_mem'",
             STATISTICS_TARGET, wanted);
    return pg_execute(connection, sql, NULL, error);
}

static bool run_on_leaf(const Target *target, PgConnection *connection, int leaf,
                        const char *before, const char *after, PgRows **rows, Error *error)
{
    Buffer sql = {0};
    const char *text = NULL;
    bool done = false;

    if (buffer_append_text(&sql, before, error) &&
        kv_table_append_leaf(&target->table, connection, leaf, &sql, error) &&
        buffer_append_text(&sql, after, error)) {
        text = buffer_text(&sql, error);
    }
    if (text != NULL) {
        done = rows == NULL ? pg_execute(connection, text, NULL, error)
                            : pg_query(connection, text, 0, NULL, rows, error);
    }
    buffer_free(&sql);
    return done;
}

static bool complete_leaf(Completion *completion, PgConnection *connection, int row, Error *error)
{
    const Target *target = completion->target;
    int leaf = (int)strtol(pg_rows_text(completion->leaves, row, 0), NULL, 10);
    uint64_t bytes = strtoull(pg_rows_text(completion->leaves, row, 1), NULL, 10);
    PgRows *rows = NULL;

    if (!set_up_work(connection, bytes, error) ||
        !run_on_leaf(target, connection, leaf, "ALTER TABLE ",
                     " ADD PRIMARY KEY (partition_key, key)", NULL, error) ||
        !run_on_leaf(target, connection, leaf, "ANALYZE ", " (partition_key, key)", NULL, error) ||
        !run_on_leaf(target, connection, leaf, "SELECT count(*) FROM ", "", &rows, error)) {
        return false;
    }
    pthread_mutex_lock(&completion->mutex);
    completion->entries += strtoull(pg_rows_text(rows, 0, 0), NULL, 10);
    progress_add(strtoull(pg_rows_text(rows, 0, 0), NULL, 10), bytes);
    pthread_mutex_unlock(&completion->mutex);
    pg_rows_free(rows);
    return true;
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Completion *completion = shared;
    PgConnection *connection = NULL;
    bool done;
    int row = 0;

    (void)number;
    done = postgres_connect_worker(completion->target, &connection, error) &&
           postgres_begin_work(completion->target, connection, error);
    while (done && (row = take_leaf(completion)) >= 0) {
        done = interrupt_check(error) && complete_leaf(completion, connection, row, error);
    }
    done = done && pg_commit(connection, error);
    pg_close(connection);
    return done;
}

/* Compares what the server counted, the version's entry aside, with what the dump holds. */
static bool check_count(const Completion *completion, const DumpManifest *manifest, Error *error)
{
    uint64_t expected = dump_manifest_entries(manifest);

    return completion->entries == expected + 1 ||
           error_set(error, EXIT_CODE_FAILED,
                     "table \"%s\" holds %" PRIu64 " entries instead of %" PRIu64,
                     completion->target->table.name, completion->entries - 1, expected);
}

/* The next phase, for the progress display. */
static bool begin_verification(const DumpManifest *manifest)
{
    progress_end();
    progress_begin("verify", dump_manifest_entries(manifest));
    return true;
}

bool postgres_complete(Target *target, const DumpManifest *manifest, Error *error)
{
    Completion completion = {.target = target};
    bool done;

    pthread_mutex_init(&completion.mutex, NULL);
    progress_begin("index", dump_manifest_entries(manifest));
    done = postgres_begin_work(target, target->connection, error) &&
           list_leaves(target, &completion.leaves, error) && pg_commit(target->connection, error) &&
           workers_run((size_t)target->options->jobs, run_worker, &completion, stop_completion,
                       error) &&
           begin_verification(manifest) && check_count(&completion, manifest, error) &&
           postgres_begin_work(target, target->connection, error) &&
           kv_table_add_primary_key(&target->table, target->connection, error) &&
           kv_table_allow_autovacuum(&target->table, target->connection, error) &&
           pg_commit(target->connection, error);
    if (done) {
        progress_add(completion.entries - 1, 0);
        progress_end();
    }
    pg_rows_free(completion.leaves);
    pthread_mutex_destroy(&completion.mutex);
    return done;
}
