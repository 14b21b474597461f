#include "import/load.h"

#include "common/base/interrupt.h"
#include "common/base/workers.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/dump/reader.h"
#include "common/pg/connection.h"
#include "import/target.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

typedef struct Load {
    ImportOptions *options;
    const TargetDriver *driver;
    Target *target;
    DumpReader *reader;
    DumpManifest manifest;
    uint64_t expected_entries; /* perhaps an estimate; 0: not known */

    /* One worker at a time reads, so that each has a chunk of its own, and one accounts for its
     * chunk, in the file's order. */
    pthread_mutex_t read_mutex;
    bool end; /* the last chunk was read */
    pthread_mutex_t account_mutex;
    pthread_cond_t accounted;
    uint64_t next_chunk; /* the index of the chunk that is accounted for next */
    bool stopped;        /* a worker has failed: nobody waits for its chunk */
} Load;

/* What a worker works with. */
typedef struct LoadWorker {
    Decompressor *decompressor;
    Loader *loader;
    DumpChunk chunk;
    Buffer content;
} LoadWorker;

/* A dump that does not hold everything must not end a migration by accident. */
static bool check_whole(const Load *load, Error *error)
{
    const DumpHeader *header = dump_reader_header(load->reader);

    if (load->options->allow_redacted) {
        return true;
    }
    if (header->redacted) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the dump was redacted: names and secrets are not "
                  "the real ones");
        return error_hint(error, "To look into it in a scratch database use --allow-redacted.");
    }
    for (size_t i = 0; i < header->omitted_count; i++) {
        const char *omitted = header->omitted[i];

        if (strncmp(omitted, DUMP_OMITTED_PACKAGE, strlen(DUMP_OMITTED_PACKAGE)) == 0) {
            error_set(error, EXIT_CODE_REFUSED, "the dump lacks package %s",
                      omitted + strlen(DUMP_OMITTED_PACKAGE));
            return error_hint(error, "Take a dump without --package; to look into this one in a "
                                     "scratch database use --allow-redacted.");
        }
    }
    return true;
}

/* A file that was cut is known before the target is touched. */
static bool check_complete(Load *load, Error *error)
{
    DumpManifest manifest;
    bool found;

    load->expected_entries = dump_reader_header(load->reader)->estimated_entries;
    if (!dump_reader_peek_manifest(load->reader, &found, &manifest, error)) {
        return false;
    }
    if (found) {
        load->expected_entries = dump_manifest_entries(&manifest);
    }
    dump_manifest_free(&manifest);
    return true;
}

static bool read_chunk(Load *load, DumpChunk *chunk, bool *end, Error *error)
{
    bool done = true;

    pthread_mutex_lock(&load->read_mutex);
    if (!load->end) {
        done = interrupt_check(error) && dump_reader_next(load->reader, chunk, &load->end, error);
        /* After a failure the reader is nowhere that another worker could read on from. */
        load->end = load->end || !done;
    }
    *end = load->end;
    pthread_mutex_unlock(&load->read_mutex);
    return done;
}

/* Waits for the chunk's turn.  The digest of the stream is one long sum, but it is quick. */
static bool account(Load *load, const DumpChunk *chunk, Slice content, SetDigest digest,
                    Error *error)
{
    bool done = true;

    pthread_mutex_lock(&load->account_mutex);
    while (load->next_chunk != chunk->index && !load->stopped) {
        pthread_cond_wait(&load->accounted, &load->account_mutex);
    }
    if (!load->stopped) {
        done = dump_reader_account(load->reader, chunk, content, digest, error);
        load->next_chunk++;
        pthread_cond_broadcast(&load->accounted);
    }
    pthread_mutex_unlock(&load->account_mutex);
    return done;
}

static void stop_workers(void *shared)
{
    Load *load = shared;

    pthread_mutex_lock(&load->read_mutex);
    load->end = true;
    pthread_mutex_unlock(&load->read_mutex);
    pthread_mutex_lock(&load->account_mutex);
    load->stopped = true;
    pthread_cond_broadcast(&load->accounted);
    pthread_mutex_unlock(&load->account_mutex);
}

static bool load_chunks(Load *load, LoadWorker *worker, Error *error)
{
    for (;;) {
        SetDigest digest;
        bool end;

        if (!read_chunk(load, &worker->chunk, &end, error)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!dump_chunk_unpack(load->reader, worker->decompressor, &worker->chunk, &worker->content,
                               &digest, error) ||
            !account(load, &worker->chunk, buffer_slice(&worker->content), digest, error) ||
            !load->driver->load(worker->loader, buffer_slice(&worker->content),
                                worker->chunk.entries, error)) {
            return false;
        }
        progress_add(worker->chunk.entries, worker->content.size);
    }
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Load *load = shared;
    LoadWorker worker = {0};
    Error ignored;
    bool done;

    (void)number;
    done = decompressor_new(&worker.decompressor, error) &&
           load->driver->begin_load(load->target, &worker.loader, error) &&
           load_chunks(load, &worker, error);
    done = load->driver->end_load(worker.loader, done, done ? error : &ignored) && done;
    dump_chunk_free(&worker.chunk);
    buffer_free(&worker.content);
    decompressor_free(worker.decompressor);
    return done;
}

static bool load_entries(Load *load, Error *error)
{
    progress_begin("load", load->expected_entries);
    if (!workers_run((size_t)load->options->jobs, run_worker, load, stop_workers, error) ||
        !dump_reader_finish(load->reader, &load->manifest, error)) {
        return false;
    }
    progress_end();
    return true;
}

/* From the empty store to the stamp. */
static bool fill_target(Load *load, Error *error)
{
    const TargetDriver *driver = load->driver;

    if (!driver->prepare(load->target, error) || !load_entries(load, error) ||
        !driver->complete(load->target, &load->manifest, error) || !interrupt_check(error) ||
        !driver->stamp(load->target, dump_reader_header(load->reader), &load->manifest, error)) {
        return false;
    }
    progress_stop();
    message_info("loaded %" PRIu64 " entries and stamped version %" PRIu64,
                 dump_manifest_entries(&load->manifest),
                 dump_reader_header(load->reader)->kv_version);
    return true;
}

bool load_dump(ImportOptions *options, Error *error)
{
    Load load = {.options = options, .driver = &TARGET_POSTGRES};
    uint64_t stamped = 0;
    bool done;

    pthread_mutex_init(&load.read_mutex, NULL);
    pthread_mutex_init(&load.account_mutex, NULL);
    pthread_cond_init(&load.accounted, NULL);
    done = signals_start(pg_cancel_all, error) &&
           dump_reader_open(options->file, &load.reader, error) && check_whole(&load, error) &&
           check_complete(&load, error) &&
           load.driver->open(options, dump_reader_header(load.reader), &load.target, &stamped,
                             error) &&
           progress_init(options->common.progress, error);
    if (done && stamped > 0) {
        message_info("the KV store is at version %" PRIu64 " already: nothing to do", stamped);
    } else {
        done = done && fill_target(&load, error);
    }
    progress_stop();
    load.driver->close(load.target);
    dump_manifest_free(&load.manifest);
    dump_reader_free(load.reader);
    pthread_mutex_destroy(&load.read_mutex);
    pthread_mutex_destroy(&load.account_mutex);
    pthread_cond_destroy(&load.accounted);
    return done;
}
