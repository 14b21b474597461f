#include "import/dump_spread.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/progress.h"
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

/* What a worker works with. */
typedef struct SpreadWorker {
    Decompressor *decompressor;
    void *state; /* the visitor's */
    DumpChunk chunk;
    Buffer content;
} SpreadWorker;

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

static void add_totals(Spread *spread, const SpreadWorker *worker, SetDigest digest)
{
    pthread_mutex_lock(&spread->mutex);
    dump_totals_add(&spread->totals[worker->chunk.package], worker->chunk.entries,
                    worker->content.size, digest);
    pthread_mutex_unlock(&spread->mutex);
}

static bool visit_share(Spread *spread, DumpReader *reader, SpreadWorker *worker, Error *error)
{
    while (!atomic_load(&spread->stopped)) {
        SetDigest digest;
        bool end;

        if (!interrupt_check(error) || !dump_reader_next(reader, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!dump_chunk_unpack(reader, worker->decompressor, &worker->chunk, &worker->content,
                               &digest, error) ||
            !spread->visitor->visit(worker->state, buffer_slice(&worker->content),
                                    worker->chunk.entries, error)) {
            return false;
        }
        add_totals(spread, worker, digest);
        progress_add(worker->chunk.entries, worker->content.size);
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

static bool visit_place(Spread *spread, size_t place, SpreadWorker *worker, Error *error)
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
    SpreadWorker worker = {0};
    Error ignored;
    size_t place;
    bool done = decompressor_new(&worker.decompressor, error) &&
                spread->visitor->begin(spread->state, &worker.state, error);

    (void)number;
    /* One each; but where a thread could not be started, others take its place. */
    while (done && work_pieces_take(&spread->places, &place)) {
        done = visit_place(spread, place, &worker, error);
    }
    done = spread->visitor->end(worker.state, done, done ? error : &ignored) && done;
    dump_chunk_free(&worker.chunk);
    buffer_free(&worker.content);
    decompressor_free(worker.decompressor);
    return done;
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
