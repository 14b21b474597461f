#include "export/legacy/legacy.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/kv/model.h"
#include "common/kv/time.h"
#include "export/dump.h"
#include "export/legacy/snapshot.h"
#include "export/schema_version.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Package *const ALL_PACKAGES[] = {&PACKAGE_ACTIONS, &PACKAGE_AUTH, &PACKAGE_GRAVELER,
                                       &PACKAGE_MULTIPARTS, NULL};

typedef struct Run {
    ExportOptions *options;
    ExportContext context;
    int64_t last_version;
    const Package *packages[DUMP_MAX_PACKAGES]; /* those that were asked for */
    void *states[DUMP_MAX_PACKAGES];
    size_t package_count;
    char omitted[DUMP_MAX_OMITTED][64];
    PgConnection *connection; /* the leader's: it holds the snapshot */
    Snapshot snapshot;
    char time[KV_TIME_TEXT_SIZE]; /* context.now */
    uint64_t estimated_rows;
    UnitList units;
    ExportDump dump;

    WorkPieces pieces;     /* the units, while workers run ... */
    pthread_mutex_t mutex; /* ... when this guards the manifest and what follows */
    bool join_failed;      /* a worker did not get the snapshot */
    Error join_error;
} Run;

/* Chooses the packages; the names were checked when the options were read. */
static void choose_packages(Run *run)
{
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        bool wanted = run->options->package_count == 0;

        for (size_t i = 0; i < run->options->package_count; i++) {
            wanted = wanted || strcmp(run->options->packages[i], (*package)->name) == 0;
        }
        if (wanted) {
            run->packages[run->package_count++] = *package;
        }
    }
}

static bool is_chosen(const Run *run, const Package *package)
{
    for (size_t i = 0; i < run->package_count; i++) {
        if (run->packages[i] == package) {
            return true;
        }
    }
    return false;
}

static void fill_header(Run *run, DumpHeader *header)
{
    *header = (DumpHeader){
        .created = run->snapshot.created,
        .source = {.kind = DUMP_SOURCE_LEGACY,
                   .database = run->context.schema.database,
                   .schema = run->context.schema.name,
                   .server_version = pg_server_version_text(run->connection),
                   .system_identifier = run->snapshot.system_identifier,
                   .schema_version = (uint64_t)run->last_version,
                   .snapshot = run->snapshot.text,
                   .time = run->time},
        .kv_version = KV_VERSION_MIGRATED,
        .kv_migration_version = (uint64_t)run->last_version + 1,
        .estimated_entries = run->estimated_rows,
    };
    if (run->options->no_settings) {
        header->omitted[header->omitted_count++] = DUMP_OMITTED_SETTINGS;
    }
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        if (is_chosen(run, *package)) {
            header->packages[header->package_count++] = (*package)->name;
        } else {
            char *text = run->omitted[header->omitted_count];

            snprintf(text, sizeof run->omitted[0], DUMP_OMITTED_PACKAGE "%s", (*package)->name);
            header->omitted[header->omitted_count++] = text;
        }
    }
}

static bool check_version(Run *run, Error *error)
{
    return run->options->has_as_of ? snapshot_check_migrated(run->connection, &run->context.schema,
                                                             run->last_version + 1, error)
                                   : snapshot_check_version(run->connection, &run->context.schema,
                                                            run->last_version, error);
}

/* The time by which expiry is judged. */
static void set_time(Run *run)
{
    KvTime time;

    run->context.now = run->options->has_as_of ? run->options->as_of : run->snapshot.now;
    kv_time_from_timestamptz(run->context.now, &time);
    kv_time_to_text(time, run->time);
}

/* Connects and makes sure that there is something to export, before a file is touched. */
static bool open_database(Run *run, Error *error)
{
    const CommonOptions *common = &run->options->common;

    return schema_version_last(run->options->migrations, &run->last_version, error) &&
           signals_start(pg_cancel_all, error) &&
           pg_connect(&run->options->common.pg, &run->connection, error) &&
           progress_init(common->progress, error) &&
           pg_schema_find(run->connection, common->schema, &run->context.schema, error) &&
           pg_begin(run->connection, PG_READ_SNAPSHOT, common->lock_wait_timeout_ms, error) &&
           check_version(run, error) && pg_commit(run->connection, error);
}

/* The connection is not the worker's own. */
static void free_worker(Worker *worker)
{
    emitter_free(&worker->emitter);
    arena_free(&worker->arena);
    buffer_free(&worker->key);
    report_free(&worker->report);
}

static bool prepare_packages(Run *run, Error *error)
{
    Worker worker = {.context = &run->context, .connection = run->connection};
    bool done = true;

    for (size_t i = 0; done && i < run->package_count; i++) {
        size_t first = run->units.count;

        done = run->packages[i]->prepare(&worker, &run->states[i], &run->units, error);
        for (size_t unit = first; unit < run->units.count; unit++) {
            run->units.items[unit].package = run->packages[i];
            run->units.items[unit].package_index = i;
            run->units.items[unit].state = run->states[i];
        }
        run->dump.manifest.packages[i].name = run->packages[i]->name;
        run->dump.manifest.package_count++;
    }
    free_worker(&worker);
    return done;
}

/* What else a real export would stumble over before it reads the rows: the shape of each table. */
static bool check_units(Run *run, Error *error)
{
    Worker worker = {.context = &run->context, .connection = run->connection, .checks_only = true};
    bool done = true;

    for (size_t i = 0; done && i < run->units.count; i++) {
        const Unit *unit = &run->units.items[i];

        done = interrupt_check(error) && unit->package->run(&worker, unit, error);
    }
    free_worker(&worker);
    return done;
}

static bool run_unit(Run *run, Worker *worker, const Unit *unit, size_t number, Error *error)
{
    bool done;

    if (!chunk_writer_begin(worker->emitter.chunks, number, unit->package_index, error) ||
        !unit->package->run(worker, unit, error) ||
        !chunk_writer_end(worker->emitter.chunks, error)) {
        return false;
    }
    pthread_mutex_lock(&run->mutex);
    done = report_move(&worker->report, &run->dump.manifest.packages[unit->package_index], error);
    pthread_mutex_unlock(&run->mutex);
    return done;
}

/* Works on units until there are none, on a connection that is in the snapshot. */
static bool work(Run *run, PgConnection *connection, Error *error)
{
    Worker worker = {.context = &run->context,
                     .connection = connection,
                     .report = {.strict = run->options->strict}};
    size_t number;
    bool done = export_dump_new_emitter(&run->dump, &worker.emitter, error);

    while (done && work_pieces_take(&run->pieces, &number)) {
        done = run_unit(run, &worker, &run->units.items[number], number, error);
    }
    free_worker(&worker);
    return done;
}

/* The snapshot goes when the leader's transaction fails, and then the leader has the better error:
 * so nobody takes up more work, and the leader says what is wrong, if anything is with it. */
static void note_join_error(Run *run, const Error *error)
{
    work_pieces_stop(&run->pieces);
    pthread_mutex_lock(&run->mutex);
    run->join_failed = true;
    run->join_error = *error;
    pthread_mutex_unlock(&run->mutex);
}

/* The first worker is the leader, on its own connection; the others make one. */
static bool run_worker(void *shared, size_t number, Error *error)
{
    Run *run = shared;
    PgConnection *connection = NULL;
    bool done;

    if (number == 0) {
        return work(run, run->connection, error);
    }
    done = pg_connect_again(&run->options->common.pg, &connection, error);
    if (done && !snapshot_join(connection, &run->snapshot, error)) {
        note_join_error(run, error);
    } else {
        done = done && work(run, connection, error);
    }
    pg_close(connection);
    return done;
}

static void stop_workers(void *shared)
{
    Run *run = shared;

    work_pieces_stop(&run->pieces);
    dump_writer_stop(run->dump.writer);
}

static bool run_workers(Run *run, Error *error)
{
    size_t count = (size_t)run->options->jobs;
    bool done;

    work_pieces_init(&run->pieces, run->units.count);
    progress_begin("export", run->estimated_rows);
    done = workers_run(count < run->units.count ? count : run->units.count, run_worker, run,
                       stop_workers, error);
    if (done && run->join_failed) {
        *error = run->join_error;
        return false;
    }
    if (done) {
        progress_end();
    }
    return done;
}

static bool write_dump(Run *run, Error *error)
{
    DumpHeader header;

    fill_header(run, &header);
    return export_dump_begin(&run->dump, &header, error) && run_workers(run, error) &&
           export_dump_finish(&run->dump, error);
}

static bool dry_run(Run *run, Error *error)
{
    if (!check_units(run, error)) {
        return false;
    }
    progress_stop();
    message_info("dry run: an export of about %" PRIu64 " rows could begin", run->estimated_rows);
    return true;
}

bool export_legacy(ExportOptions *options, Error *error)
{
    Run run = {.options = options, .context = {.options = options}, .dump = {.options = options}};
    bool done;

    pthread_mutex_init(&run.mutex, NULL);
    choose_packages(&run);
    done = export_dump_prepare(&run.dump, error) && written_keys_new(&run.context.written, error) &&
           open_database(&run, error) && export_dump_open(&run.dump, error) &&
           snapshot_begin(run.connection, &run.context.schema, options, run.packages,
                          run.package_count, &run.snapshot, error) &&
           check_version(&run, error) &&
           snapshot_estimate_rows(run.connection, &run.context.schema, run.packages,
                                  run.package_count, &run.estimated_rows, error);
    set_time(&run);
    done = done && prepare_packages(&run, error) &&
           (options->dry_run ? dry_run(&run, error) : write_dump(&run, error));
    progress_stop();
    export_dump_free(&run.dump);
    unit_list_free(&run.units);
    for (size_t i = 0; i < run.package_count; i++) {
        run.packages[i]->free_state(run.states[i]);
    }
    pg_close(run.connection);
    snapshot_free(&run.snapshot);
    pg_schema_free(&run.context.schema);
    written_keys_free(run.context.written);
    pthread_mutex_destroy(&run.mutex);
    return done;
}
