#include "import/dump_visit.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"

#include <pthread.h>

typedef struct Visit {
    DumpReader *reader;
    const DumpVisitor *visitor;
    void *state;

    /* One worker at a time reads, so that each has a chunk of its own, and one accounts for its
     * chunk, in the file's order. */
    pthread_mutex_t read_mutex;
    bool end; /* the last chunk was read */
    pthread_mutex_t account_mutex;
    pthread_cond_t accounted;
    uint64_t next_chunk; /* the index of the chunk that is accounted for next */
    bool stopped;        /* a worker has failed: nobody waits for its chunk */
} Visit;

static bool read_chunk(Visit *visit, DumpChunk *chunk, bool *end, Error *error)
{
    bool done = true;

    pthread_mutex_lock(&visit->read_mutex);
    if (!visit->end) {
        done = interrupt_check(error) && dump_reader_next(visit->reader, chunk, &visit->end, error);
        /* Nobody reads on behind a fault: what stands there would be taken for another one. */
        visit->end = visit->end || !done;
    }
    *end = visit->end;
    pthread_mutex_unlock(&visit->read_mutex);
    return done;
}

/* Waits for the chunk's turn.  The digest of the stream is one long sum, but it is quick. */
static bool account(Visit *visit, const DumpChunk *chunk, Slice content, SetDigest digest,
                    Error *error)
{
    bool done = true;

    pthread_mutex_lock(&visit->account_mutex);
    while (visit->next_chunk != chunk->index && !visit->stopped) {
        pthread_cond_wait(&visit->accounted, &visit->account_mutex);
    }
    if (!visit->stopped) {
        done = dump_reader_account(visit->reader, chunk, content, digest, error);
        visit->next_chunk++;
        pthread_cond_broadcast(&visit->accounted);
    }
    pthread_mutex_unlock(&visit->account_mutex);
    return done;
}

static void stop_workers(void *shared)
{
    Visit *visit = shared;

    pthread_mutex_lock(&visit->read_mutex);
    visit->end = true;
    pthread_mutex_unlock(&visit->read_mutex);
    pthread_mutex_lock(&visit->account_mutex);
    visit->stopped = true;
    pthread_cond_broadcast(&visit->accounted);
    pthread_mutex_unlock(&visit->account_mutex);
}

static bool visit_chunks(Visit *visit, DumpWorker *worker, Error *error)
{
    for (;;) {
        bool end;

        if (!read_chunk(visit, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!dump_worker_unpack(worker, visit->reader, error) ||
            !account(visit, &worker->chunk, buffer_slice(&worker->content), worker->digest,
                     error) ||
            !dump_worker_visit(worker, error)) {
            return false;
        }
    }
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Visit *visit = shared;
    DumpWorker worker;
    bool done = dump_worker_begin(&worker, visit->visitor, visit->state, error) &&
                visit_chunks(visit, &worker, error);

    (void)number;
    return dump_worker_end(&worker, done, error);
}

bool dump_visit(DumpReader *reader, size_t workers, const DumpVisitor *visitor, void *state,
                DumpManifest *manifest, Error *error)
{
    Visit visit = {.reader = reader, .visitor = visitor, .state = state};
    bool done;

    pthread_mutex_init(&visit.read_mutex, NULL);
    pthread_mutex_init(&visit.account_mutex, NULL);
    pthread_cond_init(&visit.accounted, NULL);
    done = workers_run(workers, run_worker, &visit, stop_workers, error) &&
           dump_reader_finish(reader, manifest, error);
    pthread_mutex_destroy(&visit.read_mutex);
    pthread_mutex_destroy(&visit.account_mutex);
    pthread_cond_destroy(&visit.accounted);
    return done;
}
