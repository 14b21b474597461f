/* SPDX-License-Identifier: Apache-2.0 */
#include "import/read_worker.h"

#include "common/cli/progress.h"

bool read_worker_begin(ReadWorker *worker, const DumpVisitor *visitor, void *state, Error *error)
{
    *worker = (ReadWorker){.visitor = visitor, .state = state};
    return decompressor_new(&worker->decompressor, error) &&
           (visitor->begin == NULL || visitor->begin(state, &worker->visitor_worker, error));
}

bool read_worker_unpack(ReadWorker *worker, const DumpReader *reader, Error *error)
{
    return dump_chunk_unpack(reader, worker->decompressor, &worker->chunk, &worker->content,
                             &worker->digest, error);
}

bool read_worker_visit(ReadWorker *worker, Error *error)
{
    if (worker->visitor->visit != NULL &&
        !worker->visitor->visit(worker->state, worker->visitor_worker,
                                buffer_slice(&worker->content), worker->chunk.entries, error)) {
        return false;
    }
    progress_add(worker->chunk.entries, worker->content.size);
    /* The memory of large chunks is limited; that of others is used again. */
    if (worker->chunk.taken > 0) {
        buffer_free(&worker->content);
        dump_chunk_free(&worker->chunk);
    }
    return true;
}

bool read_worker_end(ReadWorker *worker, bool done, Error *error)
{
    Error ignored;

    if (worker->visitor->end != NULL) {
        done = worker->visitor->end(worker->state, worker->visitor_worker, done,
                                    done ? error : &ignored) &&
               done;
    }
    buffer_free(&worker->content);
    dump_chunk_free(&worker->chunk);
    decompressor_free(worker->decompressor);
    return done;
}
