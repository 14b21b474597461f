/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/sample.h"

#include "common/base/interrupt.h"
#include "common/base/monotonic.h"
#include "common/base/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How long all is read, where there is so much. */
static const double SAMPLE_SECONDS = 1.0;

/* Where a server is stuck, it ends the statement. */
static const char STATEMENT_TIMEOUT[] = "SET LOCAL statement_timeout = '2s'";

/* Pages to read of a table, 64 MiB, at this many places, a power of two.  A table that has no more
 * is read whole. */
enum { PLACES = 64, PLACE_PAGES = 128, SAMPLE_PAGES = PLACES * PLACE_PAGES };

/* Rows to read of a table that cannot be read by pages. */
enum { SAMPLE_ROWS = 20000 };

/* A part of the sample. */
typedef struct Piece {
    Unit unit;
    uint64_t pages; /* 0: not read by pages */
} Piece;

/* What the units of one kind read: a table, or the small tables of a package. */
typedef struct Table {
    const Unit *units;
    size_t count;
    uint64_t pages; /* of all its partitions; 0: not read by pages */
    Piece *pieces;  /* owned */
    size_t piece_count;
} Table;

typedef struct Sampling {
    const SampleSource *source;
    ExportEstimate *estimate;
    PgConnection **connections;
    size_t connection_count;
    double empty_bytes; /* the size of a dump without rows */
    double end;         /* when to stop reading */

    /* Of the table that is being read: */
    const Table *table;
    double table_end;
    ExportDump dump;
    WorkPieces pieces;
    pthread_mutex_t mutex; /* guards the dump's manifest and what follows */
    EntryCosts costs;
    uint64_t pages; /* that were read */
    size_t done;    /* pieces that were read */
} Sampling;

static bool connect(Sampling *sampling, Error *error)
{
    const ExportOptions *options = sampling->source->context->options;

    sampling->connections = calloc((size_t)options->jobs, sizeof(PgConnection *));
    if (sampling->connections == NULL) {
        return error_out_of_memory(error);
    }
    for (int i = 0; i < options->jobs; i++) {
        PgConnection **connection = &sampling->connections[sampling->connection_count];

        if (!pg_connect_again(&options->common.pg, connection, error)) {
            return false;
        }
        sampling->connection_count++;
        if (!snapshot_join(*connection, sampling->source->snapshot, error) ||
            !pg_execute(*connection, STATEMENT_TIMEOUT, NULL, error)) {
            return false;
        }
    }
    return true;
}

static bool begin_dump(Sampling *sampling, Error *error)
{
    const ExportDump *whole = sampling->source->dump;
    /* Completing it leaves references in it that do not last. */
    DumpHeader header = *sampling->source->header;
    ExportDump *dump = &sampling->dump;

    *dump = (ExportDump){.options = whole->options,
                         .redact_key = whole->redact_key,
                         .redactor = whole->redactor,
                         .redacted = whole->redacted};
    for (size_t i = 0; i < whole->manifest.package_count; i++) {
        dump->manifest.packages[i].name = whole->manifest.packages[i].name;
    }
    dump->manifest.package_count = whole->manifest.package_count;
    return dump_output_open("/dev/null", false, &dump->output, error) &&
           export_dump_begin(dump, &header, error);
}

/* What the whole dump owns stays. */
static void free_dump(ExportDump *dump)
{
    dump->redactor = NULL;
    dump->redacted = NULL;
    export_dump_free(dump);
}

static bool measure_empty(Sampling *sampling, Error *error)
{
    ExportDump *dump = &sampling->dump;
    bool done =
        begin_dump(sampling, error) && dump_writer_finish(dump->writer, &dump->manifest, error);

    if (done) {
        sampling->empty_bytes = (double)dump_writer_size(dump->writer);
    }
    free_dump(dump);
    return done;
}

static bool add_piece(Table *table, Unit unit, uint64_t pages, Error *error)
{
    Piece *more = realloc(table->pieces, (table->piece_count + 1) * sizeof *more);

    if (more == NULL) {
        return error_out_of_memory(error);
    }
    table->pieces = more;
    more[table->piece_count++] = (Piece){unit, pages};
    return true;
}

/* The pages of a unit, given those of its relation. */
static uint64_t unit_pages(const PgPageRange *range, uint64_t relation_pages)
{
    uint64_t end = range->end_page == 0 ? relation_pages : range->end_page;

    return end > range->first_page ? end - range->first_page : 0;
}

/* Numbers in an order in which any beginning of it is spread over all of them. */
static uint64_t spread(uint64_t number)
{
    uint64_t reversed = 0;

    for (uint64_t bit = 1; bit < PLACES; bit <<= 1) {
        reversed = reversed << 1 | (number & bit ? 1 : 0);
    }
    return reversed;
}

/* Adds the place that begins with a page of the table, counted over all its partitions. */
static bool add_place(const Sampling *sampling, Table *table, const uint64_t *pages, uint64_t page,
                      Error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        Unit unit = table->units[i];
        uint64_t end;

        if (unit.range.first_page != 0) {
            continue;
        }
        if (page >= pages[i]) {
            page -= pages[i];
            continue;
        }
        end = page + PLACE_PAGES < pages[i] ? page + PLACE_PAGES : pages[i];
        unit.range = pg_page_range_sample(sampling->source->connection, unit.range.relation,
                                          pages[i], page, end - page);
        return add_piece(table, unit, end - page, error);
    }
    return true;
}

/* Chooses what to read of a table, whose units' relations have these pages. */
static bool choose_pieces(const Sampling *sampling, Table *table, const uint64_t *pages,
                          Error *error)
{
    bool done = true;

    if (table->pages <= SAMPLE_PAGES) {
        for (size_t i = 0; done && i < table->count; i++) {
            done = add_piece(table, table->units[i], unit_pages(&table->units[i].range, pages[i]),
                             error);
        }
        return done;
    }
    for (uint64_t i = 0; done && i < PLACES; i++) {
        uint64_t stratum = table->pages / PLACES;

        done = add_place(sampling, table, pages, spread(i) * stratum + (stratum - PLACE_PAGES) / 2,
                         error);
    }
    return done;
}

/* Finds the pages of each unit's relation, which the unit that begins it is asked for. */
static bool count_pages(const Sampling *sampling, Table *table, uint64_t *pages, Error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        const PgPageRange *range = &table->units[i].range;

        if (range->relation == NULL) {
            continue;
        }
        if (range->first_page != 0) {
            pages[i] = pages[i - 1];
            continue;
        }
        if (!pg_page_count(sampling->source->connection, range->relation, &pages[i], error)) {
            return false;
        }
        table->pages += pages[i];
    }
    return true;
}

static bool plan_table(const Sampling *sampling, Table *table, Error *error)
{
    uint64_t *pages = calloc(table->count, sizeof *pages);
    bool done = pages == NULL ? error_out_of_memory(error)
                              : count_pages(sampling, table, pages, error) &&
                                    choose_pieces(sampling, table, pages, error);

    free(pages);
    return done;
}

static bool run_piece(Sampling *sampling, Worker *worker, size_t number, Error *error)
{
    const Piece *piece = &sampling->table->pieces[number];
    const Unit *unit = &piece->unit;
    bool done;

    if (!chunk_writer_begin(worker->emitter.chunks, number, unit->package_index, error) ||
        !unit->package->run(worker, unit, error) ||
        !chunk_writer_end(worker->emitter.chunks, error)) {
        return false;
    }
    pthread_mutex_lock(&sampling->mutex);
    done =
        report_move(&worker->report, &sampling->dump.manifest.packages[unit->package_index], error);
    sampling->pages += piece->pages;
    sampling->done++;
    pthread_mutex_unlock(&sampling->mutex);
    return done;
}

/* Each worker reads one piece at least, however late it is. */
static bool run_worker(void *shared, size_t number, Error *error)
{
    Sampling *sampling = shared;
    const ExportContext *context = sampling->source->context;
    EntryCosts costs = {0};
    Worker worker = {.context = context,
                     .connection = sampling->connections[number],
                     .report = {.silent = true},
                     /* The credentials of the one user must be found. */
                     .row_limit = context->options->basic_auth_user == NULL ? SAMPLE_ROWS : 0};
    bool done = export_dump_new_emitter(&sampling->dump, &worker.emitter, error);
    size_t piece;

    worker.emitter.costs = &costs;
    while (done && work_pieces_take(&sampling->pieces, &piece)) {
        done = interrupt_check(error) && run_piece(sampling, &worker, piece, error);
        if (monotonic_seconds() > sampling->table_end) {
            work_pieces_stop(&sampling->pieces);
        }
    }
    worker_free(&worker);
    pthread_mutex_lock(&sampling->mutex);
    sampling->costs.key_bytes += costs.key_bytes;
    sampling->costs.write_units += costs.write_units;
    pthread_mutex_unlock(&sampling->mutex);
    return done;
}

static void stop_workers(void *shared)
{
    Sampling *sampling = shared;

    work_pieces_stop(&sampling->pieces);
    dump_writer_stop(sampling->dump.writer);
}

/* How many rows there are for each one that was read of tables of which not all were read. */
static bool rows_factor(const Sampling *sampling, double *factor, Error *error)
{
    const SampleSource *source = sampling->source;
    double read = 0;
    double all = 0;

    for (size_t i = 0; i < sampling->dump.manifest.package_count; i++) {
        const DumpCounts *counts = &sampling->dump.manifest.packages[i].source_rows;

        for (size_t j = 0; j < counts->count; j++) {
            const char *const tables[] = {counts->items[j].table, NULL};
            const Package only = {.tables = tables};
            const Package *const packages[] = {&only};
            uint64_t rows = counts->items[j].rows;
            uint64_t estimated = rows;

            if (rows == SAMPLE_ROWS &&
                !snapshot_estimate_rows(source->connection, &source->context->schema, packages, 1,
                                        &estimated, error)) {
                return false;
            }
            read += (double)rows;
            all += (double)(estimated > rows ? estimated : rows);
        }
    }
    *factor = read > 0 ? all / read : 1;
    return true;
}

static bool add_table(Sampling *sampling, double seconds, Error *error)
{
    ExportEstimate *estimate = sampling->estimate;
    const DumpManifest *manifest = &sampling->dump.manifest;
    double factor =
        sampling->pages > 0 ? (double)sampling->table->pages / (double)sampling->pages : 1;

    if (sampling->table->pages == 0 && !rows_factor(sampling, &factor, error)) {
        return false;
    }
    estimate->whole &= factor <= 1 && sampling->done == sampling->table->piece_count;
    for (size_t i = 0; i < manifest->package_count; i++) {
        uint64_t rows = dump_counts_total(&manifest->packages[i].source_rows);

        report_foresee(&manifest->packages[i], factor <= 1, &estimate->left_out);
        estimate->sample_rows += rows;
        estimate->rows += (double)rows * factor;
        estimate->entry_bytes += (double)manifest->packages[i].totals.bytes * factor;
    }
    estimate->entries += (double)dump_manifest_entries(manifest) * factor;
    estimate->key_bytes += (double)sampling->costs.key_bytes * factor;
    estimate->write_units += (double)sampling->costs.write_units * factor;
    estimate->dump_bytes +=
        ((double)dump_writer_size(sampling->dump.writer) - sampling->empty_bytes) * factor;
    estimate->seconds += seconds * factor;
    return true;
}

/* `left`: how many tables are to be read, this one included. */
static bool read_table(Sampling *sampling, Table *table, size_t left, Error *error)
{
    double begun = monotonic_seconds();
    size_t workers = sampling->connection_count;
    bool done;

    if (!plan_table(sampling, table, error)) {
        return false;
    }
    sampling->table = table;
    sampling->table_end = begun + (sampling->end - begun) / (double)left;
    sampling->costs = (EntryCosts){0};
    sampling->pages = 0;
    sampling->done = 0;
    work_pieces_init(&sampling->pieces, table->piece_count);
    begun = monotonic_seconds();
    done = begin_dump(sampling, error) &&
           workers_run(workers < table->piece_count ? workers : table->piece_count, run_worker,
                       sampling, stop_workers, error) &&
           dump_writer_finish(sampling->dump.writer, &sampling->dump.manifest, error) &&
           add_table(sampling, monotonic_seconds() - begun, error);
    free_dump(&sampling->dump);
    return done;
}

static bool is_same_table(const Unit *unit, const Unit *other)
{
    return unit->package == other->package && unit->kind == other->kind;
}

static bool read_tables(Sampling *sampling, Error *error)
{
    const UnitList *units = sampling->source->units;
    size_t left = 0;
    bool done = true;

    for (size_t i = 0; i < units->count; i++) {
        left += i == 0 || !is_same_table(&units->items[i], &units->items[i - 1]) ? 1 : 0;
    }
    for (size_t i = 0; done && i < units->count; left--) {
        Table table = {.units = &units->items[i]};

        while (i < units->count && is_same_table(&units->items[i], table.units)) {
            table.count++;
            i++;
        }
        done = read_table(sampling, &table, left, error);
        free(table.pieces);
    }
    return done;
}

bool sample_export(const SampleSource *source, ExportEstimate *estimate, Error *error)
{
    Sampling sampling = {.source = source, .estimate = estimate};
    double begun = monotonic_seconds();
    bool done;

    estimate->whole = true;
    pthread_mutex_init(&sampling.mutex, NULL);
    done = sha256_prepare(error) && connect(&sampling, error) && measure_empty(&sampling, error);
    estimate->dump_bytes = sampling.empty_bytes;
    estimate->seconds += monotonic_seconds() - begun;
    sampling.end = monotonic_seconds() + SAMPLE_SECONDS;
    done = done && read_tables(&sampling, error);
    for (size_t i = 0; i < sampling.connection_count; i++) {
        pg_close(sampling.connections[i]);
    }
    free(sampling.connections);
    pthread_mutex_destroy(&sampling.mutex);
    return done;
}
