/* SPDX-License-Identifier: Apache-2.0 */
#include "import/sequential_read.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"

#include <pthread.h>

typedef struct SequentialRead {
    DumpReader *reader;
    const DumpVisitor *visitor;
    void *state;

    /* One worker at a time reads a chunk, and one at a time accounts for its chunk, in the file's
     * order. */
    pthread_mutex_t read_mutex;
    bool end; /* the last chunk has been read */
    pthread_mutex_t account_mutex;
    pthread_cond_t accounted;
    uint64_t next_chunk; /* the index of the next chunk to account for */
    bool stopped;        /* a worker has failed: do not wait for its chunk */
} SequentialRead;

static bool read_chunk(SequentialRead *sequential, DumpChunk *chunk, bool *end, Error *error)
{
    bool done = true;

    pthread_mutex_lock(&sequential->read_mutex);
    if (!sequential->end) {
        done = interrupt_check(error) &&
               dump_reader_next(sequential->reader, chunk, &sequential->end, error);
        /* Do not read on after a fault: that would only report another, misleading one. */
        sequential->end = sequential->end || !done;
    }
    *end = sequential->end;
    pthread_mutex_unlock(&sequential->read_mutex);
    return done;
}

/* Waits for the chunk's turn.  The digest of the stream must be computed in order, but is fast. */
static bool account(SequentialRead *sequential, const DumpChunk *chunk, Slice content,
                    SetDigest digest, Error *error)
{
    bool done = true;

    pthread_mutex_lock(&sequential->account_mutex);
    while (sequential->next_chunk != chunk->index && !sequential->stopped) {
        pthread_cond_wait(&sequential->accounted, &sequential->account_mutex);
    }
    if (!sequential->stopped) {
        done = dump_reader_account(sequential->reader, chunk, content, digest, error);
        sequential->next_chunk++;
        pthread_cond_broadcast(&sequential->accounted);
    }
    pthread_mutex_unlock(&sequential->account_mutex);
    return done;
}

static void stop_workers(void *shared)
{
    SequentialRead *sequential = shared;

    /* First those that wait for their turn: a worker that reads may wait for the memory that they
     * hold. */
    pthread_mutex_lock(&sequential->account_mutex);
    sequential->stopped = true;
    pthread_cond_broadcast(&sequential->accounted);
    pthread_mutex_unlock(&sequential->account_mutex);
    pthread_mutex_lock(&sequential->read_mutex);
    sequential->end = true;
    pthread_mutex_unlock(&sequential->read_mutex);
}

static bool visit_chunks(SequentialRead *sequential, ReadWorker *worker, Error *error)
{
    for (;;) {
        bool end;

        if (!read_chunk(sequential, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!read_worker_unpack(worker, sequential->reader, error) ||
            !account(sequential, &worker->chunk, buffer_slice(&worker->content), worker->digest,
                     error) ||
            !read_worker_visit(worker, error)) {
            return false;
        }
    }
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    SequentialRead *sequential = shared;
    ReadWorker worker;
    bool done = read_worker_begin(&worker, sequential->visitor, sequential->state, error) &&
                visit_chunks(sequential, &worker, error);

    (void)number;
    return read_worker_end(&worker, done, error);
}

bool sequential_read_dump(DumpReader *reader, size_t workers, const DumpVisitor *visitor,
                          void *state, DumpManifest *manifest, Error *error)
{
    SequentialRead sequential = {.reader = reader, .visitor = visitor, .state = state};
    MemoryBudget budget;
    bool done;

    /* Chunks take their memory in the file's order, in which they are accounted for: one that waits
     * for its turn never keeps memory from one that comes before it. */
    memory_budget_init(&budget, DUMP_READER_BUDGET);
    dump_reader_limit_memory(reader, &budget);
    pthread_mutex_init(&sequential.read_mutex, NULL);
    pthread_mutex_init(&sequential.account_mutex, NULL);
    pthread_cond_init(&sequential.accounted, NULL);
    done = workers_run(workers, run_worker, &sequential, stop_workers, error) &&
           dump_reader_finish(reader, manifest, error);
    pthread_mutex_destroy(&sequential.read_mutex);
    pthread_mutex_destroy(&sequential.account_mutex);
    pthread_cond_destroy(&sequential.accounted);
    dump_reader_limit_memory(reader, NULL);
    memory_budget_destroy(&budget);
    return done;
}
