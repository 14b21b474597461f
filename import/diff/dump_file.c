/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/dump_file.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/kv/model.h"
#include "import/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 32 };

static bool open_input(const char *path, DumpFile *file, Error *error)
{
    if (!spool_dump(&path, error)) {
        return false;
    }
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    file->open = file->fd >= 0;
    return file->open || error_set(error, EXIT_CODE_USAGE, "could not open dump \"%s\": %s", path,
                                   strerror(errno));
}

/* Opens the file anew, with a position of its own. */
static bool open_reader(const DumpFile *file, DumpReader **reader, Error *error)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "/dev/fd/%d", file->fd);
    return dump_reader_open_as(path, file->name, reader, error);
}

bool dump_file_open(const char *path, DumpFile *file, Error *error)
{
    bool found;

    *file = (DumpFile){.name = path == NULL || strcmp(path, "-") == 0 ? NULL : path};
    return open_input(path, file, error) && open_reader(file, &file->reader, error) &&
           dump_reader_peek_manifest(file->reader, &found, &file->manifest, error);
}

const DumpHeader *dump_file_header(const DumpFile *file)
{
    return dump_reader_header(file->reader);
}

static bool add_frame(DumpFile *file, const DumpChunk *chunk, Error *error)
{
    const Slice branches = slice_text(KV_BRANCHES);
    const Slice graveler = slice_text(KV_PARTITION_GRAVELER);
    const Slice repositories = slice_text(KV_REPOSITORIES);
    FrameInfo *info;

    if (file->frame_count == file->frame_capacity) {
        size_t capacity = file->frame_capacity == 0 ? 64 : file->frame_capacity * 2;
        FrameInfo *frames = realloc(file->frames, capacity * sizeof *frames);

        if (frames == NULL) {
            return error_out_of_memory(error);
        }
        file->frames = frames;
        file->frame_capacity = capacity;
    }
    info = &file->frames[file->frame_count];
    *info = (FrameInfo){.entries = chunk->entries,
                        .chunk = file->frame_count++,
                        .package = dump_file_header(file)->packages[chunk->package],
                        .may_hold_branches = dump_bounds_admit(&chunk->bounds, NULL, &branches),
                        .may_hold_records =
                            dump_bounds_admit(&chunk->bounds, &graveler, &repositories)};
    set_digest_add_tuple(&info->digest, buffer_slice(&chunk->frame));
    return true;
}

static bool make_choice(DumpFile *file, Error *error)
{
    file->chosen = malloc(file->frame_count + 1);
    file->contents = calloc(file->frame_count + 1, sizeof *file->contents);
    if (file->chosen == NULL || file->contents == NULL) {
        return error_out_of_memory(error);
    }
    dump_file_choose_all(file);
    return true;
}

bool dump_file_scan(DumpFile *file, Error *error)
{
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    DumpChunk chunk = {0};
    bool end = false;
    bool done = open_reader(file, &reader, error);

    while (done && !end) {
        done = interrupt_check(error) && dump_reader_next(reader, &chunk, &end, error);
        if (done && !end) {
            progress_add(chunk.entries, chunk.frame.size);
            done = add_frame(file, &chunk, error);
        }
    }
    done = done && dump_reader_finish_unread(reader, &manifest, error);
    dump_manifest_free(&manifest);
    dump_chunk_free(&chunk);
    dump_reader_free(reader);
    return done && make_choice(file, error);
}

void dump_file_choose_branches(DumpFile *file)
{
    for (size_t i = 0; i < file->frame_count; i++) {
        file->chosen[file->frames[i].chunk] = file->frames[i].may_hold_branches;
    }
}

void dump_file_choose_repositories(DumpFile *file)
{
    for (size_t i = 0; i < file->frame_count; i++) {
        const FrameInfo *frame = &file->frames[i];

        file->chosen[frame->chunk] = frame->may_hold_branches || frame->may_hold_records;
    }
}

void dump_file_choose_all(DumpFile *file)
{
    memset(file->chosen, true, file->frame_count);
}

/* A reading of the chosen chunks by several workers. */
typedef struct Reading {
    DumpFile *file;
    DumpReader *reader;
    bool again;
    EntryFunction *visit;
    void *state;
    const atomic_bool *stop;
    pthread_mutex_t read_mutex; /* guards the reader and `end` */
    bool end;
    /* Another one: whoever reads may wait for the memory of a chunk that is being visited. */
    pthread_mutex_t totals_mutex;
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];
} Reading;

typedef struct ReadingWorker {
    Reading *reading;
    Decompressor *decompressor;
    DumpChunk chunk;
    Buffer content;
} ReadingWorker;

static bool read_chunk(ReadingWorker *worker, bool *end, Error *error)
{
    Reading *reading = worker->reading;
    bool done = true;

    pthread_mutex_lock(&reading->read_mutex);
    if (!reading->end) {
        done = interrupt_check(error) &&
               dump_reader_next(reading->reader, &worker->chunk, &reading->end, error);
        reading->end = reading->end || !done || (reading->stop != NULL && *reading->stop);
    }
    *end = reading->end;
    pthread_mutex_unlock(&reading->read_mutex);
    return done;
}

static bool unpack_chunk(ReadingWorker *worker, Error *error)
{
    Reading *reading = worker->reading;
    const DumpChunk *chunk = &worker->chunk;
    SetDigest *digest = &reading->file->contents[chunk->index];

    if (reading->again) {
        return dump_chunk_unpack_again(reading->reader, worker->decompressor, chunk,
                                       &worker->content, error);
    }
    if (!dump_chunk_unpack(reading->reader, worker->decompressor, chunk, &worker->content, digest,
                           error)) {
        return false;
    }
    pthread_mutex_lock(&reading->totals_mutex);
    dump_totals_add(&reading->totals[chunk->package], chunk->entries, worker->content.size,
                    *digest);
    pthread_mutex_unlock(&reading->totals_mutex);
    return true;
}

static bool visit_chunk(ReadingWorker *worker, Error *error)
{
    Reading *reading = worker->reading;
    const DumpChunk *chunk = &worker->chunk;
    Slice rest;
    Slice tuple;
    Entry entry;
    const char *problem;

    if (!unpack_chunk(worker, error)) {
        return false;
    }
    rest = buffer_slice(&worker->content);
    /* dump_chunk_unpack has checked that the entries are complete. */
    while (rest.size > 0 && entry_next_tuple(&rest, &entry, &tuple, &problem)) {
        if (!reading->visit(reading->state, &entry, tuple, error)) {
            return false;
        }
    }
    progress_add(chunk->entries, worker->content.size);
    return true;
}

static void stop_workers(void *shared)
{
    Reading *reading = shared;

    pthread_mutex_lock(&reading->read_mutex);
    reading->end = true;
    pthread_mutex_unlock(&reading->read_mutex);
}

static bool visit_chunks(ReadingWorker *worker, Error *error)
{
    for (;;) {
        bool end;

        if (!read_chunk(worker, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!visit_chunk(worker, error)) {
            return false;
        }
        /* The memory of large chunks is limited; that of others is used again. */
        if (worker->chunk.taken > 0) {
            buffer_free(&worker->content);
            dump_chunk_free(&worker->chunk);
        }
    }
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    ReadingWorker worker = {.reading = shared};
    bool done = decompressor_new(&worker.decompressor, error) && visit_chunks(&worker, error);

    (void)number;
    buffer_free(&worker.content);
    dump_chunk_free(&worker.chunk);
    decompressor_free(worker.decompressor);
    return done;
}

bool dump_file_read(DumpFile *file, bool again, size_t workers, EntryFunction *visit, void *state,
                    const atomic_bool *stop, Error *error)
{
    Reading reading = {.file = file, .again = again, .visit = visit, .state = state, .stop = stop};
    MemoryBudget budget;
    bool done;

    if (!open_reader(file, &reading.reader, error)) {
        return false;
    }
    memory_budget_init(&budget, DUMP_READER_BUDGET);
    pthread_mutex_init(&reading.read_mutex, NULL);
    pthread_mutex_init(&reading.totals_mutex, NULL);
    dump_reader_limit_memory(reading.reader, &budget);
    dump_reader_choose_listed(reading.reader, file->chosen, file->frame_count);
    done = workers_run(workers, run_worker, &reading, stop_workers, error);
    if (!again) {
        memcpy(file->read, reading.totals, sizeof file->read);
    }
    dump_reader_free(reading.reader);
    pthread_mutex_destroy(&reading.read_mutex);
    pthread_mutex_destroy(&reading.totals_mutex);
    memory_budget_destroy(&budget);
    return done;
}

void dump_file_close(DumpFile *file)
{
    if (file->open) {
        close(file->fd);
    }
    dump_manifest_free(&file->manifest);
    dump_reader_free(file->reader);
    free(file->frames);
    free(file->chosen);
    free(file->contents);
    *file = (DumpFile){0};
}
