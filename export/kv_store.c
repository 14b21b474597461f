/* SPDX-License-Identifier: Apache-2.0 */
#include "export/kv_store.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/kv/package.h"
#include "common/store/store.h"
#include "export/dump.h"
#include "export/kv_repositories.h"
#include "export/schema_version.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct StoreExport {
    const ExportOptions *options;
    const StoreDriver *driver;
    StoreOptions store_options;
    Store *store;
    StoreInfo info;
    KvRepositories *repositories; /* with --repository */
    const char *table;            /* the name of the KV table */
    uint64_t version;
    int64_t last_version;        /* of the legacy schema */
    size_t indexes[KV_PACKAGES]; /* of the packages in the dump, or NOT_CHOSEN */
    ExportDump dump;
    pthread_mutex_t mutex; /* guards the manifest while workers run */
} StoreExport;

enum { NOT_CHOSEN = DUMP_MAX_PACKAGES };

/* A worker: its emitter, and the number of entries that it has read by package. */
typedef struct StoreWorker {
    StoreExport *export;
    Emitter emitter;
    uint64_t rows[KV_PACKAGES];
} StoreWorker;

/* The packages of the dump, in its header and its manifest. */
static void choose_packages(StoreExport *export, DumpHeader *header)
{
    for (KvPackage package = 0; package < KV_PACKAGES; package++) {
        size_t index = header->package_count;
        bool chosen = export_dump_add_package(&export->dump, header, KV_PACKAGE_NAMES[package]);

        export->indexes[package] = chosen ? index : NOT_CHOSEN;
    }
}

static void fill_header(StoreExport *export, DumpHeader *header)
{
    const StoreInfo *info = &export->info;

    *header = (DumpHeader){
        .created = info->time,
        .source = {.kind = DUMP_SOURCE_KV,
                   .store = export->driver == &STORE_POSTGRES ? NULL : export->driver->name,
                   .database = info->database,
                   .database_oid = info->database_oid,
                   .schema = info->schema,
                   .server_version = info->server_version,
                   .system_identifier = info->system_identifier,
                   .schema_version = info->schema_version,
                   .snapshot = info->snapshot},
        .kv_version = export->version,
        .kv_migration_version = (uint64_t) export->last_version + 1,
        /* What a part of the store holds is not estimated. */
        .estimated_entries = export->repositories == NULL ? info->estimated_entries : 0,
    };
    choose_packages(export, header);
}

static bool begin_worker(void *state, void **worker, Error *error)
{
    StoreExport *export = state;
    StoreWorker *w = calloc(1, sizeof *w);

    *worker = w;
    if (w == NULL) {
        return error_out_of_memory(error);
    }
    w->export = export;
    return export_dump_new_emitter(&export->dump, &w->emitter, error);
}

static bool begin_part(void *worker, size_t part, Error *error)
{
    StoreWorker *w = worker;

    return chunk_writer_begin(w->emitter.chunks, part, 0, error);
}

static bool visit_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    StoreWorker *w = worker;
    KvPackage package = kv_package_of(entry->partition_key, entry->key, entry->value);

    (void)tuple;
    if (w->export->indexes[package] == NOT_CHOSEN) {
        return true;
    }
    w->rows[package]++;
    chunk_writer_set_package(w->emitter.chunks, w->export->indexes[package]);
    return emit_bytes(&w->emitter, entry->partition_key, entry->key, entry->value, error);
}

static bool end_part(void *worker, Error *error)
{
    StoreWorker *w = worker;

    return chunk_writer_end(w->emitter.chunks, error);
}

/* Adds a worker's counts to the manifest. */
static bool count_rows(StoreWorker *worker, Error *error)
{
    StoreExport *export = worker->export;
    bool done = true;

    pthread_mutex_lock(&export->mutex);
    for (KvPackage package = 0; done && package < KV_PACKAGES; package++) {
        if (worker->rows[package] > 0) {
            done = dump_counts_add(
                &export->dump.manifest.packages[export->indexes[package]].source_rows,
                export->table, "", worker->rows[package], error);
        }
    }
    pthread_mutex_unlock(&export->mutex);
    return done;
}

static bool end_worker(void *worker, bool complete, Error *error)
{
    StoreWorker *w = worker;
    bool done;

    if (w == NULL) {
        return true;
    }
    done = !complete || count_rows(w, error);
    emitter_free(&w->emitter);
    free(w);
    return done;
}

static void stop_workers(void *state)
{
    StoreExport *export = state;

    dump_writer_stop(export->dump.writer);
}

static bool open_store(StoreExport *export, Error *error)
{
    if (!export->driver->open(&export->store_options, &export->store, &export->version, error)) {
        return false;
    }
    if (export->version == 0) {
        error_set(error, EXIT_CODE_REFUSED, "the KV store is incomplete: it is at version 0");
        return error_hint(error, "A migration or an import has failed: run it again. To export the "
                                 "legacy tables, omit --source.");
    }
    return export->driver->describe(export->store, &export->info, error) &&
           (export->options->repository_count == 0 ||
            kv_repositories_find(export->options, export->driver, export->store,
                                 &export->repositories, error));
}

static bool read_store(StoreExport *export, const EntryVisitor *visitor, Error *error)
{
    return export->repositories == NULL
               ? export->driver->read(export->store, visitor, export, error)
               : kv_repositories_read(export->repositories, visitor, export, error);
}

static bool write_dump(StoreExport *export, Error *error)
{
    static const EntryVisitor EXPORTING = {.begin = begin_worker,
                                           .begin_part = begin_part,
                                           .visit = visit_entry,
                                           .end_part = end_part,
                                           .end = end_worker,
                                           .stop = stop_workers};
    DumpHeader header;

    fill_header(export, &header);
    if (!export_dump_begin(&export->dump, &header, error)) {
        return false;
    }
    export_dump_begin_progress(header.estimated_entries);
    if (!read_store(export, &EXPORTING, error)) {
        return false;
    }
    progress_end();
    return export_dump_finish(&export->dump, error);
}

static void log_dry_run(const StoreExport *export)
{
    size_t repositories = export->options->repository_count;
    char text[QUANTITY_SIZE];

    progress_stop();
    if (repositories > 0) {
        message_info("dry run: ready to export %s at version %" PRIu64,
                     quantity_noun(repositories, "repository", "repositories", text),
                     export->version);
        return;
    }
    message_info("dry run: ready to export about %s at version %" PRIu64,
                 quantity_noun(export->info.estimated_entries, "entry", "entries", text),
                 export->version);
}

bool export_kv_store(ExportOptions *options, Error *error)
{
    StoreExport export = {
        .options = options,
        .table = options->store == STORE_DYNAMODB.name ? options->dynamodb.table : options->table,
        .driver = store_find(options->store),
        .store_options = {.pg = &options->common.pg,
                          .dynamodb = &options->dynamodb,
                          .schema = options->common.schema,
                          .table = options->table,
                          .snapshot = options->snapshot,
                          .lock_wait_timeout_ms = options->common.lock_wait_timeout_ms,
                          .jobs = options->jobs},
        .dump = {.options = options}};
    bool done;

    pthread_mutex_init(&export.mutex, NULL);
    done = schema_version_last(options->migrations, &export.last_version, error) &&
           signals_start(export.driver->cancel, error) &&
           export_dump_prepare(&export.dump, error) && open_store(&export, error) &&
           progress_init(options->common.progress, error) && export_dump_open(&export.dump, error);
    if (done && options->dry_run) {
        log_dry_run(&export);
    } else {
        done = done && write_dump(&export, error);
    }
    progress_stop();
    export_dump_free(&export.dump);
    kv_repositories_free(export.repositories);
    export.driver->close(export.store);
    pthread_mutex_destroy(&export.mutex);
    return done;
}
