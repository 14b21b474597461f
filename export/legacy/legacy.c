/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/legacy.h"

#include "common/base/interrupt.h"
#include "common/base/monotonic.h"
#include "common/base/quantity.h"
#include "common/base/workers.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/kv/model.h"
#include "common/kv/time.h"
#include "common/pg/lock.h"
#include "common/store/shadowed.h"
#include "export/dump.h"
#include "export/estimate.h"
#include "export/legacy/row_count.h"
#include "export/legacy/sample.h"
#include "export/legacy/snapshot.h"
#include "export/legacy/stale.h"
#include "export/legacy/table_shape.h"
#include "export/schema_version.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const Package *const ALL_PACKAGES[] = {&PACKAGE_ACTIONS, &PACKAGE_AUTH, &PACKAGE_GRAVELER,
                                       &PACKAGE_MULTIPARTS, NULL};

typedef struct LegacyExport {
    ExportOptions *options;
    ExportContext context;
    int64_t last_version;
    const Package *packages[DUMP_MAX_PACKAGES]; /* chosen by the options */
    void *states[DUMP_MAX_PACKAGES];
    size_t package_count;
    PgConnection *connection; /* of the leader, which holds the snapshot */
    Snapshot snapshot;
    char time[KV_TIME_TEXT_SIZE]; /* context.now */
    uint64_t estimated_rows;
    double begun; /* by monotonic_seconds */
    UnitList units;
    ExportDump dump;

    WorkPieces pieces;     /* the units, while workers run ... */
    pthread_mutex_t mutex; /* ... when this guards the manifest and what follows */
    bool join_failed;      /* a worker could not join the snapshot */
    Error join_error;
} LegacyExport;

static void choose_packages(LegacyExport *export)
{
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        if (export_options_choose(export->options, (*package)->name)) {
            export->packages[export->package_count++] = *package;
        }
    }
}

static void fill_header(LegacyExport *export, DumpHeader *header)
{
    *header = (DumpHeader){
        .created = export->snapshot.created,
        .source = {.kind = DUMP_SOURCE_LEGACY,
                   .database = export->context.schema.database,
                   .database_oid = export->snapshot.database_oid,
                   .schema = export->context.schema.name,
                   .server_version = pg_server_version_text(export->connection),
                   .system_identifier = export->snapshot.system_identifier,
                   .schema_version = (uint64_t) export->last_version,
                   .tables = export->snapshot.tables,
                   .snapshot = export->snapshot.text,
                   .time = export->time},
        .kv_version = KV_VERSION_MIGRATED,
        .kv_migration_version = (uint64_t) export->last_version + 1,
        .estimated_entries = export->estimated_rows,
    };
    if (export->options->no_settings) {
        header->omitted[header->omitted_count++] = DUMP_OMITTED_SETTINGS;
    }
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        export_dump_add_package(&export->dump, header, (*package)->name);
    }
}

static bool check_version(LegacyExport *export, Error *error)
{
    return export->options->has_as_of
               ? snapshot_check_migrated(export->connection, &export->context.schema,
                                         export->last_version + 1, error)
               : snapshot_check_version(export->connection, &export->context.schema,
                                        export->last_version, error);
}

static bool check_shapes(LegacyExport *export, Error *error)
{
    return (export->options->common.schema != NULL ||
            shadowed_refuse(export->connection, &export->context.schema, error)) &&
           table_shape_check(export->connection, &export->context.schema, export->packages,
                             export->package_count, error);
}

/* Sets the time that decides which tokens have expired. */
static void set_time(LegacyExport *export)
{
    KvTime time;

    export->context.now =
        export->options->has_as_of ? export->options->as_of : export->snapshot.now;
    kv_time_from_timestamptz(export->context.now, &time);
    kv_time_to_text(time, export->time);
}

/* Connects and checks the database before the output is touched. */
static bool open_database(LegacyExport *export, Error *error)
{
    const CommonOptions *common = &export->options->common;

    return schema_version_last(export->options->migrations, &export->last_version, error) &&
           signals_start(pg_cancel_all, error) &&
           pg_connect(&export->options->common.pg, &export->connection, error) &&
           progress_init(common->progress, error) &&
           pg_schema_find(export->connection, common->schema, &export->context.schema, error) &&
           pg_begin(export->connection, PG_READ_SNAPSHOT, common->lock_wait_timeout_ms, error) &&
           check_version(export, error) && check_shapes(export, error) &&
           pg_commit(export->connection, error) &&
           /* --as-of is for tables that a migration has left. */
           (export->options->has_as_of ||
            stale_warn(export->connection, &export->context.schema, error));
}

static bool prepare_packages(LegacyExport *export, Error *error)
{
    Worker worker = {.context = &export->context, .connection = export->connection};
    bool done = true;

    for (size_t i = 0; done && i < export->package_count; i++) {
        size_t first = export->units.count;

        done = export->packages[i]->prepare(&worker, &export->states[i], &export->units, error);
        for (size_t unit = first; unit < export->units.count; unit++) {
            export->units.items[unit].package = export->packages[i];
            export->units.items[unit].package_index = i;
            export->units.items[unit].state = export->states[i];
        }
    }
    worker_free(&worker);
    return done;
}

/* For a dry run: checks the query of each unit, and so the columns of each table. */
static bool check_queries(LegacyExport *export, Error *error)
{
    Worker worker = {
        .context = &export->context, .connection = export->connection, .checks_only = true};
    bool done = true;

    for (size_t i = 0; done && i < export->units.count; i++) {
        const Unit *unit = &export->units.items[i];

        done = interrupt_check(error) && unit->package->run(&worker, unit, error);
    }
    worker_free(&worker);
    return done;
}

static bool run_unit(LegacyExport *export, Worker *worker, const Unit *unit, size_t number,
                     Error *error)
{
    bool done;

    if (!chunk_writer_begin(worker->emitter.chunks, number, unit->package_index, error) ||
        !unit->package->run(worker, unit, error) ||
        !chunk_writer_end(worker->emitter.chunks, error)) {
        return false;
    }
    pthread_mutex_lock(&export->mutex);
    done =
        report_move(&worker->report, &export->dump.manifest.packages[unit->package_index], error);
    pthread_mutex_unlock(&export->mutex);
    return done;
}

/* Runs units until none is left, on a connection that has joined the snapshot. */
static bool run_units(LegacyExport *export, PgConnection *connection, Error *error)
{
    Worker worker = {.context = &export->context,
                     .connection = connection,
                     .report = {.strict = export->options->strict}};
    size_t number;
    bool done = export_dump_new_emitter(&export->dump, &worker.emitter, error);

    while (done && work_pieces_take(&export->pieces, &number)) {
        done = run_unit(export, &worker, &export->units.items[number], number, error);
    }
    worker_free(&worker);
    return done;
}

/* A snapshot vanishes when the leader's transaction fails, and then the leader has the better
 * error. So this one is only recorded: no more units are started, and the leader's error wins if it
 * has one.
 */
static void record_join_error(LegacyExport *export, const Error *error)
{
    work_pieces_stop(&export->pieces);
    pthread_mutex_lock(&export->mutex);
    export->join_failed = true;
    export->join_error = *error;
    pthread_mutex_unlock(&export->mutex);
}

/* Worker 0 is the leader and uses its connection; the others open their own. */
static bool run_worker(void *shared, size_t number, Error *error)
{
    LegacyExport *export = shared;
    PgConnection *connection = NULL;
    bool done;

    if (number == 0) {
        return run_units(export, export->connection, error);
    }
    done = pg_connect_again(&export->options->common.pg, &connection, error);
    if (done && !snapshot_join(connection, &export->snapshot, error)) {
        record_join_error(export, error);
    } else {
        done = done && run_units(export, connection, error);
    }
    pg_close(connection);
    return done;
}

static void stop_workers(void *shared)
{
    LegacyExport *export = shared;

    work_pieces_stop(&export->pieces);
    dump_writer_stop(export->dump.writer);
}

static bool run_workers(LegacyExport *export, Error *error)
{
    size_t count = (size_t) export->options->jobs;
    bool done;

    work_pieces_init(&export->pieces, export->units.count);
    export_dump_begin_progress(export->estimated_rows);
    done = workers_run(count < export->units.count ? count : export->units.count, run_worker,
                       export, stop_workers, error);
    if (done && export->join_failed) {
        *error = export->join_error;
        return false;
    }
    if (done) {
        progress_end();
    }
    return done;
}

static uint64_t rows_read(const DumpPackageSummary *package, const char *table)
{
    for (size_t i = 0; i < package->source_rows.count; i++) {
        if (strcmp(package->source_rows.items[i].table, table) == 0) {
            return package->source_rows.items[i].rows;
        }
    }
    return 0;
}

/* After all rows were read. */
static bool check_row_counts(LegacyExport *export, Error *error)
{
    TableRows *tables = NULL;
    size_t count = 0;
    bool done;

    for (size_t i = 0; i < export->package_count; i++) {
        const char *const *table = export->packages[i]->tables;

        for (; *table != NULL; table++) {
            TableRows *more = realloc(tables, (count + 1) * sizeof *more);

            if (more == NULL) {
                free(tables);
                return error_out_of_memory(error);
            }
            tables = more;
            tables[count++] =
                (TableRows){*table, rows_read(&export->dump.manifest.packages[i], *table)};
        }
    }
    done = row_count_check(export->connection, &export->context.schema, tables, count, error);
    free(tables);
    return done;
}

static bool write_dump(LegacyExport *export, Error *error)
{
    DumpHeader header;

    fill_header(export, &header);
    return export_dump_begin(&export->dump, &header, error) && run_workers(export, error) &&
           check_row_counts(export, error) && export_dump_finish(&export->dump, error);
}

static bool check_strict(const ExportEstimate *estimate, Error *error)
{
    char rows[QUANTITY_SIZE];

    if (estimate->left_out == 0) {
        return true;
    }
    error_set(
        error, EXIT_CODE_FAILED, "with --strict, the export will fail: %s",
        quantity_noun(estimate->left_out, "row would be left out", "rows would be left out", rows));
    return error_hint(error, "Without --strict, such rows are left out, counted and reported.");
}

/* An estimate is no reason to fail: what may be wrong with a row is left to the export. */
static bool estimate(LegacyExport *export, Error *error)
{
    ExportEstimate estimate = {.seconds = monotonic_seconds() - export->begun};
    DumpHeader header;
    const SampleSource source = {.context = &export->context,
                                 .snapshot = &export->snapshot,
                                 .connection = export->connection,
                                 .units = &export->units,
                                 .dump = &export->dump,
                                 .header = &header};
    char rows[QUANTITY_SIZE];
    Error cause;

    fill_header(export, &header);
    if (sample_export(&source, &estimate, &cause)) {
        return export_estimate_tell(&estimate, export->options->common.supervised, error) &&
               (!export->options->strict || check_strict(&estimate, error));
    }
    if (!interrupt_check(error)) {
        return false;
    }
    message_info("dry run: ready to export about %s",
                 quantity_noun(export->estimated_rows, "row", "rows", rows));
    export_estimate_failed(&cause);
    return true;
}

static bool dry_run(LegacyExport *export, Error *error)
{
    if (!check_queries(export, error)) {
        return false;
    }
    progress_stop();
    return estimate(export, error);
}

bool export_legacy(ExportOptions *options, Error *error)
{
    LegacyExport export = {.options = options,
                           .context = {.options = options},
                           .dump = {.options = options},
                           .begun = monotonic_seconds()};
    bool done;

    pthread_mutex_init(&export.mutex, NULL);
    choose_packages(&export);
    done = export_dump_prepare(&export.dump, error) &&
           written_keys_new(&export.context.written, error) && open_database(&export, error) &&
           export_dump_open(&export.dump, error) &&
           snapshot_begin(export.connection, &export.context.schema, options, export.packages,
                          export.package_count, &export.snapshot, error) &&
           check_version(&export, error) && check_shapes(&export, error) &&
           snapshot_estimate_rows(export.connection, &export.context.schema, export.packages,
                                  export.package_count, &export.estimated_rows, error);
    set_time(&export);
    done = done && prepare_packages(&export, error) &&
           (options->dry_run ? dry_run(&export, error) : write_dump(&export, error));
    progress_stop();
    if (!done) {
        pg_lock_explain(export.connection, &export.context.schema, error);
    }
    export_dump_free(&export.dump);
    unit_list_free(&export.units);
    for (size_t i = 0; i < export.package_count; i++) {
        if (export.packages[i]->free_state != NULL) {
            export.packages[i]->free_state(export.states[i]);
        }
    }
    pg_close(export.connection);
    snapshot_free(&export.snapshot);
    pg_schema_free(&export.context.schema);
    written_keys_free(export.context.written);
    pthread_mutex_destroy(&export.mutex);
    return done;
}
