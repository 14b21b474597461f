/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/writer.h"

#include "common/cli/progress.h"
#include "common/dump/format.h"
#include "common/dump/reader.h"
#include "common/kv/model.h"
#include "common/kv/repository_copy.h"
#include "common/kv/wire.h"
#include "import/sequential_read.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Writing {
    RestoreWriter *writer;
    pthread_mutex_t mutex; /* guards the change and the report */
} Writing;

typedef struct WritingWorker {
    KvCopyScratch scratch;
    Buffer tuples;
    RestoreReport counts;
} WritingWorker;

/* Whether a staged object's address does not depend on the storage namespace: it is marked so, or
 * it is of the time before there were marks and is a URL. */
static bool has_full_address(Slice staged)
{
    enum { DATA = 3, ADDRESS = 1, TYPE = 6, BY_PREFIX = 0, FULL = 2 };
    uint64_t type = BY_PREFIX;
    Slice data = {0};
    Slice address = {0};
    WireField field;

    while (staged.size > 0 && wire_next(&staged, &field)) {
        if (field.number == DATA && field.type == WIRE_BYTES) {
            data = field.bytes;
        }
    }
    while (data.size > 0 && wire_next(&data, &field)) {
        if (field.number == ADDRESS && field.type == WIRE_BYTES) {
            address = field.bytes;
        } else if (field.number == TYPE && field.type == WIRE_VARINT) {
            type = field.integer;
        }
    }
    return type == FULL || (type == BY_PREFIX && slice_contains(address, slice_text("://")));
}

static bool begin_worker(void *state, void **worker, Error *error)
{
    (void)state;
    *worker = calloc(1, sizeof(WritingWorker));
    return *worker != NULL || error_out_of_memory(error);
}

static bool is_new_upload(const RestoreWriter *writer, const Entry *entry)
{
    return writer->multiparts &&
           slice_equal(entry->partition_key, slice_text(KV_PARTITION_MULTIPARTS)) &&
           !byte_map_contains(writer->known_uploads, entry->key);
}

static bool copy_entry(const RestoreWriter *writer, WritingWorker *worker, const Entry *entry,
                       Slice tuple, Error *error)
{
    KvRepositoryPart part = kv_repository_part(writer->from, entry);

    if (part == KV_PART_FOREIGN) {
        return kv_repository_refuse_foreign(writer->from, entry, error);
    }
    worker->counts.parts[part]++;
    if (part == KV_PART_STAGED && has_full_address(entry->value)) {
        worker->counts.full_addresses++;
    }
    if (part == KV_PART_NONE) {
        if (!is_new_upload(writer, entry)) {
            return true;
        }
        worker->counts.multiparts++;
        return buffer_append(&worker->tuples, tuple.data, tuple.size, error);
    }
    return part == KV_PART_RECORD || part == KV_PART_TRANSIENT ||
           kv_repository_copy_entry(writer->from, writer->to, part, entry, &worker->scratch,
                                    &worker->tuples, error);
}

static bool note_run_keys(RestoreWriter *writer, Slice tuples, Error *error)
{
    const char *problem;
    Entry entry;
    bool done = true;

    while (done && writer->run_keys != NULL && tuples.size > 0 &&
           entry_next(&tuples, &entry, &problem)) {
        done = !slice_equal(entry.partition_key, slice_text(KV_PARTITION_ACTIONS)) ||
               byte_map_add(writer->run_keys, entry.key, NULL, error);
    }
    return done;
}

static bool write_tuples(Writing *writing, Slice tuples, Error *error)
{
    RestoreWriter *writer = writing->writer;
    bool done;

    if (tuples.size == 0) {
        return true;
    }
    pthread_mutex_lock(&writing->mutex);
    done =
        note_run_keys(writer, tuples, error) && writer->driver->put(writer->change, tuples, error);
    pthread_mutex_unlock(&writing->mutex);
    return done;
}

static bool visit_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Writing *writing = state;
    WritingWorker *w = worker;
    const char *problem;
    Entry entry;
    Slice tuple;

    (void)entries;
    w->tuples.size = 0;
    /* The memory of a large chunk is not kept. */
    if (w->tuples.capacity > 2 * DUMP_CHUNK_SIZE) {
        buffer_free(&w->tuples);
    }
    while (tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        if (!copy_entry(writing->writer, w, &entry, tuple, error)) {
            return false;
        }
    }
    return write_tuples(writing, buffer_slice(&w->tuples), error);
}

static bool end_worker(void *state, void *worker, bool complete, Error *error)
{
    Writing *writing = state;
    RestoreReport *report = writing->writer->report;
    WritingWorker *w = worker;

    (void)complete;
    (void)error;
    if (w == NULL) {
        return true;
    }
    pthread_mutex_lock(&writing->mutex);
    for (size_t i = 0; i < KV_PARTS; i++) {
        report->parts[i] += w->counts.parts[i];
    }
    report->full_addresses += w->counts.full_addresses;
    report->multiparts += w->counts.multiparts;
    pthread_mutex_unlock(&writing->mutex);
    kv_copy_scratch_free(&w->scratch);
    buffer_free(&w->tuples);
    free(w);
    return true;
}

bool restore_writer_run(RestoreWriter *writer, const char *file, size_t jobs, Error *error)
{
    static const DumpVisitor WRITING = {begin_worker, visit_chunk, end_worker};
    Writing writing = {.writer = writer};
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    bool found;
    bool done;

    pthread_mutex_init(&writing.mutex, NULL);
    done = dump_reader_open(file, &reader, error) &&
           dump_reader_peek_manifest(reader, &found, &manifest, error);
    if (done) {
        progress_begin("restore", dump_manifest_entries(&manifest));
        dump_manifest_free(&manifest);
        done = sequential_read_dump(reader, jobs, &WRITING, &writing, &manifest, error);
    }
    if (done) {
        progress_end();
    }
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    pthread_mutex_destroy(&writing.mutex);
    return done;
}
