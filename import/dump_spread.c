#include "import/dump_spread.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/dump/reader.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Spread {
    const char *path;
    const DumpVisitor *visitor;
    void *state;
    uint64_t chunks;
    WorkPieces places;
    atomic_bool stopped;   /* a worker has failed */
    pthread_mutex_t mutex; /* guards what follows */
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];
} Spread;

static uint64_t count_chunks(const DumpManifest *manifest)
{
    uint64_t chunks = 0;

    for (size_t i = 0; i < manifest->package_count; i++) {
        chunks += manifest->packages[i].totals.chunks;
    }
    return chunks;
}

static void stop_places(void *shared)
{
    Spread *spread = shared;

    work_pieces_stop(&spread->places);
    atomic_store(&spread->stopped, true);
}

static void add_totals(Spread *spread, const DumpWorker *worker)
{
    pthread_mutex_lock(&spread->mutex);
    dump_totals_add(&spread->totals[worker->chunk.package], worker->chunk.entries,
                    worker->content.size, worker->digest);
    pthread_mutex_unlock(&spread->mutex);
}

static bool visit_share(Spread *spread, DumpReader *reader, DumpWorker *worker, Error *error)
{
    while (!atomic_load(&spread->stopped)) {
        bool end;

        if (!interrupt_check(error) || !dump_reader_next(reader, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!dump_worker_unpack(worker, reader, error) || !dump_worker_visit(worker, error)) {
            return false;
        }
        add_totals(spread, worker);
    }
    return true;
}

/* The first chunk of a place: each has as many as the others, or one more. */
static uint64_t first_chunk(const Spread *spread, size_t place)
{
    uint64_t share = spread->chunks / spread->places.count;
    uint64_t larger = spread->chunks % spread->places.count;

    return place * share + (place < larger ? place : larger);
}

static bool visit_place(Spread *spread, size_t place, DumpWorker *worker, Error *error)
{
    uint64_t first = first_chunk(spread, place);
    DumpReader *reader = NULL;
    bool done = dump_reader_open(spread->path, &reader, error);

    if (done) {
        dump_reader_choose_chunks(reader, first, first_chunk(spread, place + 1) - first);
        done = visit_share(spread, reader, worker, error);
    }
    dump_reader_free(reader);
    return done;
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Spread *spread = shared;
    DumpWorker worker;
    size_t place;
    bool done = dump_worker_begin(&worker, spread->visitor, spread->state, error);

    (void)number;
    /* One each; but where a thread could not be started, others take its place. */
    while (done && work_pieces_take(&spread->places, &place)) {
        done = visit_place(spread, place, &worker, error);
    }
    return dump_worker_end(&worker, done, error);
}

bool dump_visit_spread(const char *path, const DumpManifest *manifest, const DumpVisitor *visitor,
                       void *state, Error *error)
{
    Spread spread = {
        .path = path, .visitor = visitor, .state = state, .chunks = count_chunks(manifest)};
    size_t places = spread.chunks < DUMP_SPREAD_PLACES ? spread.chunks : DUMP_SPREAD_PLACES;
    bool done;

    if (places == 0) {
        return true;
    }
    work_pieces_init(&spread.places, places);
    atomic_init(&spread.stopped, false);
    pthread_mutex_init(&spread.mutex, NULL);
    done = workers_run(places, run_worker, &spread, stop_places, error) &&
           dump_manifest_check_totals(manifest, spread.totals, error);
    pthread_mutex_destroy(&spread.mutex);
    return done;
}
