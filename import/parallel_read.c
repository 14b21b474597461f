/* SPDX-License-Identifier: Apache-2.0 */
#include "import/parallel_read.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/dump/reader.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct ParallelRead {
    const char *path;
    const DumpVisitor *visitor;
    void *state;
    uint64_t chunks;
    MemoryBudget budget;
    WorkPieces sections;
    atomic_bool stopped;   /* a worker has failed */
    pthread_mutex_t mutex; /* guards what follows */
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];
} ParallelRead;

static uint64_t count_chunks(const DumpManifest *manifest)
{
    uint64_t chunks = 0;

    for (size_t i = 0; i < manifest->package_count; i++) {
        chunks += manifest->packages[i].totals.chunks;
    }
    return chunks;
}

static void stop_workers(void *shared)
{
    ParallelRead *parallel = shared;

    work_pieces_stop(&parallel->sections);
    atomic_store(&parallel->stopped, true);
}

static void add_totals(ParallelRead *parallel, const ReadWorker *worker)
{
    pthread_mutex_lock(&parallel->mutex);
    dump_totals_add(&parallel->totals[worker->chunk.package], worker->chunk.entries,
                    worker->content.size, worker->digest);
    pthread_mutex_unlock(&parallel->mutex);
}

static bool visit_chunks(ParallelRead *parallel, DumpReader *reader, ReadWorker *worker,
                         Error *error)
{
    while (!atomic_load(&parallel->stopped)) {
        bool end;

        if (!interrupt_check(error) || !dump_reader_next(reader, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!read_worker_unpack(worker, reader, error)) {
            return false;
        }
        add_totals(parallel, worker);
        if (!read_worker_visit(worker, error)) {
            return false;
        }
    }
    return true;
}

/* The first chunk of a section.  Sizes of sections differ by one chunk at most. */
static uint64_t first_chunk(const ParallelRead *parallel, size_t section)
{
    uint64_t share = parallel->chunks / parallel->sections.count;
    uint64_t larger = parallel->chunks % parallel->sections.count;

    return section * share + (section < larger ? section : larger);
}

static bool visit_section(ParallelRead *parallel, size_t section, ReadWorker *worker, Error *error)
{
    uint64_t first = first_chunk(parallel, section);
    DumpReader *reader = NULL;
    bool done = dump_reader_open(parallel->path, &reader, error);

    if (done) {
        dump_reader_limit_memory(reader, &parallel->budget);
        dump_reader_choose_chunks(reader, first, first_chunk(parallel, section + 1) - first);
        done = visit_chunks(parallel, reader, worker, error);
    }
    dump_reader_free(reader);
    return done;
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    ParallelRead *parallel = shared;
    ReadWorker worker;
    size_t section;
    bool done = read_worker_begin(&worker, parallel->visitor, parallel->state, error);

    (void)number;
    /* One section each; but if a thread could not be started, others take its section. */
    while (done && work_pieces_take(&parallel->sections, &section)) {
        done = visit_section(parallel, section, &worker, error);
    }
    return read_worker_end(&worker, done, error);
}

bool parallel_read_dump(const char *path, const DumpManifest *manifest, const DumpVisitor *visitor,
                        void *state, Error *error)
{
    ParallelRead parallel = {
        .path = path, .visitor = visitor, .state = state, .chunks = count_chunks(manifest)};
    size_t sections =
        parallel.chunks < PARALLEL_READ_SECTIONS ? parallel.chunks : PARALLEL_READ_SECTIONS;
    bool done;

    if (sections == 0) {
        return true;
    }
    memory_budget_init(&parallel.budget, DUMP_READER_BUDGET);
    work_pieces_init(&parallel.sections, sections);
    atomic_init(&parallel.stopped, false);
    pthread_mutex_init(&parallel.mutex, NULL);
    done = workers_run(sections, run_worker, &parallel, stop_workers, error) &&
           dump_manifest_check_totals(manifest, parallel.totals, error);
    pthread_mutex_destroy(&parallel.mutex);
    memory_budget_destroy(&parallel.budget);
    return done;
}
