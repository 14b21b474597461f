/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/writer.h"

#include "common/base/json.h"
#include "common/dump/bounds.h"
#include "common/dump/compression.h"
#include "common/dump/format.h"
#include "common/dump/frame_writer.h"
#include "common/kv/entry.h"
#include "common/pg/copy_binary.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Decompressed bytes a unit may buffer; only a single larger chunk may exceed it. */
enum { KEPT_BYTES = 32 * 1024 * 1024 };

/* Units that may be started ahead of the turn, in addition to one per worker. */
enum { UNITS_AHEAD = 2 };

/* A chunk to be written. */
typedef struct Chunk {
    struct Chunk *next;
    size_t package;
    uint64_t entries;
    DumpScan scan;
    Buffer content;
    Buffer frame;
} Chunk;

/* The buffered chunks of a unit, in order. */
typedef struct WaitingUnit {
    Chunk *first;
    Chunk *last;
    size_t bytes;   /* decompressed */
    bool completed; /* no more chunks will be added */
} WaitingUnit;

/*
 * Workers submit compressed chunks and continue.  A worker that finds chunks ready to be written
 * while nobody is writing becomes the writer until there are none left.  So no worker waits for the
 * file or the digest of the stream unless it is too far ahead.
 */
struct DumpWriter {
    int level;
    const char *packages[DUMP_MAX_PACKAGES]; /* borrowed from the caller of dump_writer_new */

    /* Used by the current writer only. */
    FrameWriter *frames;
    Sha256 *stream_digest; /* NULL: not computed */
    uint64_t stream_size;
    uint64_t chunk_count;
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];

    pthread_mutex_t mutex;   /* guards what follows */
    pthread_cond_t advanced; /* something was written, the turn has advanced, or all must stop */
    bool writing;            /* a thread is writing */
    bool stopped;
    size_t turn;          /* the unit whose chunks are written now */
    WaitingUnit *waiting; /* the `window` units from the turn on, indexed by unit modulo window;
                           * owned */
    size_t window;
    Chunk *spare; /* chunks to reuse */
};

static void free_chunks(Chunk *chunk)
{
    while (chunk != NULL) {
        Chunk *next = chunk->next;

        buffer_free(&chunk->content);
        buffer_free(&chunk->frame);
        free(chunk);
        chunk = next;
    }
}

/* Writes the JSON frame that announces a compressed data frame, and that frame. */
static bool write_data(DumpWriter *writer, char *announcement, Slice content, Slice frame,
                       Error *error)
{
    if (!frame_writer_json(writer->frames, announcement, error) ||
        !frame_writer_data(writer->frames, frame, content.size, error)) {
        return false;
    }
    writer->stream_size += content.size;
    return writer->stream_digest == NULL || sha256_update(writer->stream_digest, content, error);
}

/* Writes the COPY header or trailer, in a frame of its own so that chunks contain only entries. */
static bool write_copy_part(DumpWriter *writer, const char *name, Slice content, Error *error)
{
    Compressor *compressor = NULL;
    Buffer frame = {0};
    bool done = compressor_new(writer->level, &compressor, error) &&
                compressor_run(compressor, content, &frame, error);

    if (done) {
        char *announcement = json_encode(json_pack("{s:s, s:I, s:I}", "frame", name, "size",
                                                   (json_int_t)content.size, "compressed_size",
                                                   (json_int_t)frame.size),
                                         error);

        done = write_data(writer, announcement, content, buffer_slice(&frame), error);
    }
    compressor_free(compressor);
    buffer_free(&frame);
    return done;
}

/* What a reader would refuse is never written: its values come from a database and from options. */
static char *encode_header(const DumpHeader *header, Error *error)
{
    char *text = dump_header_encode(header, error);
    DumpHeader decoded = {0};
    Error problem;

    if (text != NULL && !dump_header_decode(slice_text(text), &decoded, &problem)) {
        error_set(error, EXIT_CODE_FAILED, "the header of the dump would not be valid: %s",
                  problem.message);
        free(text);
        text = NULL;
    }
    dump_header_free(&decoded);
    return text;
}

static bool begin_dump(DumpWriter *writer, DumpOutput *output, const DumpHeader *header,
                       Error *error)
{
    return frame_writer_new(output, &writer->frames, error) &&
           (!header->has_stream_sha256 || sha256_new(&writer->stream_digest, error)) &&
           frame_writer_json(writer->frames, encode_header(header, error), error) &&
           write_copy_part(writer, DUMP_FRAME_COPY_HEADER, slice_of(COPY_HEADER, COPY_HEADER_SIZE),
                           error);
}

bool dump_writer_new(DumpOutput *output, const DumpHeader *header, size_t workers,
                     DumpWriter **writer, Error *error)
{
    DumpWriter *w = calloc(1, sizeof *w);
    size_t window = workers + UNITS_AHEAD;
    WaitingUnit *waiting = calloc(window, sizeof *waiting);

    *writer = NULL;
    if (w == NULL || waiting == NULL) {
        free(w);
        free(waiting);
        dump_output_discard(output);
        return error_out_of_memory(error);
    }
    w->level = (int)header->compression_level;
    memcpy(w->packages, header->packages, sizeof w->packages);
    w->waiting = waiting;
    w->window = window;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->advanced, NULL);
    if (!begin_dump(w, output, header, error)) {
        dump_writer_free(w);
        return false;
    }
    *writer = w;
    return true;
}

/* Fills in the manifest what the writer knows. */
static bool fill_manifest(DumpWriter *writer, DumpManifest *manifest, Error *error)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        manifest->packages[i].totals = writer->totals[i];
    }
    manifest->stream_size = writer->stream_size;
    manifest->file_size = frame_writer_offset(writer->frames);
    xxh64_to_text(frame_writer_digest(writer->frames), manifest->file_xxh64);
    return writer->stream_digest == NULL ||
           sha256_finish(writer->stream_digest, manifest->stream_sha256, error);
}

/* Checks that every unit was written. */
static bool check_units(const DumpWriter *writer, Error *error)
{
    for (size_t i = 0; i < writer->window; i++) {
        if (writer->waiting[i].completed) {
            return error_set(error, EXIT_CODE_FAILED,
                             "unit %zu was never completed, but later ones were", writer->turn);
        }
    }
    return true;
}

bool dump_writer_finish(DumpWriter *writer, DumpManifest *manifest, Error *error)
{
    return check_units(writer, error) &&
           write_copy_part(writer, DUMP_FRAME_COPY_TRAILER,
                           slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) &&
           fill_manifest(writer, manifest, error) &&
           frame_writer_json(writer->frames, dump_manifest_encode(manifest, error), error) &&
           frame_writer_finish(writer->frames, error);
}

uint64_t dump_writer_size(const DumpWriter *writer)
{
    return frame_writer_offset(writer->frames);
}

void dump_writer_free(DumpWriter *writer)
{
    if (writer == NULL) {
        return;
    }
    frame_writer_free(writer->frames);
    for (size_t i = 0; i < writer->window; i++) {
        free_chunks(writer->waiting[i].first);
    }
    free(writer->waiting);
    free_chunks(writer->spare);
    sha256_free(writer->stream_digest);
    pthread_mutex_destroy(&writer->mutex);
    pthread_cond_destroy(&writer->advanced);
    free(writer);
}

void dump_writer_stop(DumpWriter *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopped = true;
    pthread_cond_broadcast(&writer->advanced);
    pthread_mutex_unlock(&writer->mutex);
}

static WaitingUnit *waiting_unit(DumpWriter *writer, size_t unit)
{
    return &writer->waiting[unit % writer->window];
}

static bool write_chunk(DumpWriter *writer, const Chunk *chunk, Error *error)
{
    DumpPackageTotals *totals = &writer->totals[chunk->package];
    json_t *members =
        json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "frame", DUMP_FRAME_CHUNK, "index",
                  (json_int_t)writer->chunk_count, "package", writer->packages[chunk->package],
                  "entries", (json_int_t)chunk->entries, "size", (json_int_t)chunk->content.size,
                  "compressed_size", (json_int_t)chunk->frame.size);
    char *announcement = json_encode(dump_bounds_encode(&chunk->scan.bounds, members), error);

    writer->chunk_count++;
    totals->chunks++;
    totals->entries += chunk->entries;
    totals->bytes += chunk->content.size;
    set_digest_add(&totals->set_digest, chunk->scan.digest);
    return write_data(writer, announcement, buffer_slice(&chunk->content),
                      buffer_slice(&chunk->frame), error);
}

/* Keeps the chunk for reuse, unless it is huge: that memory must not be held to the end.  The mutex
 * is held. */
static void spare_chunk(DumpWriter *writer, Chunk *chunk)
{
    chunk->next = NULL;
    if (chunk->content.capacity > 2 * DUMP_CHUNK_SIZE) {
        free_chunks(chunk);
    } else {
        chunk->next = writer->spare;
        writer->spare = chunk;
    }
}

/* Removes the next chunk that may be written; the turn advances past completed units.  NULL when
 * there is none.  The mutex is held. */
static Chunk *pop_chunk(DumpWriter *writer)
{
    WaitingUnit *unit = waiting_unit(writer, writer->turn);
    Chunk *chunk;

    while (unit->first == NULL && unit->completed) {
        unit->completed = false;
        writer->turn++;
        unit = waiting_unit(writer, writer->turn);
        pthread_cond_broadcast(&writer->advanced);
    }
    chunk = unit->first;
    if (chunk != NULL) {
        unit->first = chunk->next;
        unit->last = unit->first == NULL ? NULL : unit->last;
        unit->bytes -= chunk->content.size;
    }
    return chunk;
}

/* Writes all chunks that are ready.  Returns at once if another thread is writing; it will pick
 * these up.  The mutex is held, but released while writing. */
static bool write_waiting(DumpWriter *writer, Error *error)
{
    Chunk *chunk;
    bool done = true;

    if (writer->writing) {
        return true;
    }
    writer->writing = true;
    while (done && !writer->stopped && (chunk = pop_chunk(writer)) != NULL) {
        pthread_mutex_unlock(&writer->mutex);
        done = write_chunk(writer, chunk, error);
        pthread_mutex_lock(&writer->mutex);
        spare_chunk(writer, chunk);
        pthread_cond_broadcast(&writer->advanced);
    }
    writer->writing = false;
    return done;
}

static bool stopped_by_another(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "another worker has failed");
}

struct ChunkWriter {
    DumpWriter *writer;
    Compressor *compressor;
    size_t unit;
    size_t package;                   /* of the next entries */
    Chunk *filled[DUMP_MAX_PACKAGES]; /* the current chunk of each package; NULL: none */
};

bool chunk_writer_new(DumpWriter *writer, ChunkWriter **chunks, Error *error)
{
    ChunkWriter *c = calloc(1, sizeof *c);

    *chunks = NULL;
    if (c == NULL) {
        return error_out_of_memory(error);
    }
    c->writer = writer;
    if (!compressor_new(writer->level, &c->compressor, error)) {
        free(c);
        return false;
    }
    *chunks = c;
    return true;
}

bool chunk_writer_begin(ChunkWriter *chunks, size_t unit, size_t package, Error *error)
{
    DumpWriter *writer = chunks->writer;
    bool done;

    chunks->unit = unit;
    chunks->package = package;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->stopped && unit >= writer->turn + writer->window) {
        pthread_cond_wait(&writer->advanced, &writer->mutex);
    }
    done = !writer->stopped || stopped_by_another(error);
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

void chunk_writer_set_package(ChunkWriter *chunks, size_t package)
{
    chunks->package = package;
}

/* Reuses a spare chunk or allocates one. */
static bool new_chunk(ChunkWriter *chunks, Error *error)
{
    DumpWriter *writer = chunks->writer;
    Chunk *chunk;

    pthread_mutex_lock(&writer->mutex);
    chunk = writer->spare;
    if (chunk != NULL) {
        writer->spare = chunk->next;
    }
    pthread_mutex_unlock(&writer->mutex);
    if (chunk == NULL) {
        chunk = calloc(1, sizeof *chunk);
        if (chunk == NULL) {
            return error_out_of_memory(error);
        }
    }
    chunk->next = NULL;
    chunk->package = chunks->package;
    chunk->entries = 0;
    chunk->content.size = 0;
    chunks->filled[chunks->package] = chunk;
    return true;
}

/* Compresses the chunk and computes digest and bounds by parsing it like a reader does: what a
 * reader could not parse is never written. */
static bool seal_chunk(ChunkWriter *chunks, Chunk *chunk, Error *error)
{
    const char *problem;
    size_t offset;

    if (!dump_scan(buffer_slice(&chunk->content), &chunk->scan, &offset, &problem) ||
        chunk->scan.entries != chunk->entries) {
        return error_set(error, EXIT_CODE_FAILED, "a chunk was built incorrectly");
    }
    return compressor_run(chunks->compressor, buffer_slice(&chunk->content), &chunk->frame, error);
}

/* True if the unit already has KEPT_BYTES waiting.  The mutex is held. */
static bool must_wait(const ChunkWriter *chunks)
{
    DumpWriter *writer = chunks->writer;

    return !writer->stopped && waiting_unit(writer, chunks->unit)->bytes > KEPT_BYTES &&
           (writer->writing || chunks->unit != writer->turn);
}

/* Submits the package's current chunk, if there is one. */
static bool end_chunk(ChunkWriter *chunks, size_t package, Error *error)
{
    DumpWriter *writer = chunks->writer;
    Chunk *chunk = chunks->filled[package];
    WaitingUnit *unit;
    bool done;

    if (chunk == NULL) {
        return true;
    }
    if (!seal_chunk(chunks, chunk, error)) {
        return false;
    }
    chunks->filled[package] = NULL;
    pthread_mutex_lock(&writer->mutex);
    unit = waiting_unit(writer, chunks->unit);
    if (unit->last == NULL) {
        unit->first = chunk;
    } else {
        unit->last->next = chunk;
    }
    unit->last = chunk;
    unit->bytes += chunk->content.size;
    done = write_waiting(writer, error);
    while (done && must_wait(chunks)) {
        pthread_cond_wait(&writer->advanced, &writer->mutex);
        done = write_waiting(writer, error);
    }
    if (done && writer->stopped) {
        done = stopped_by_another(error);
    }
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error)
{
    size_t size = entry_tuple_size(partition_key.size, key.size, value_size);
    Chunk *chunk = chunks->filled[chunks->package];

    if (size > DUMP_CHUNK_MAX_SIZE) {
        return error_set(error, EXIT_CODE_FAILED,
                         "an entry of %zu bytes is larger than a dump can hold", size);
    }
    if (chunk != NULL && chunk->content.size + size > DUMP_CHUNK_SIZE &&
        !end_chunk(chunks, chunks->package, error)) {
        return false;
    }
    if (chunks->filled[chunks->package] == NULL && !new_chunk(chunks, error)) {
        return false;
    }
    chunk = chunks->filled[chunks->package];
    if (!entry_append(&chunk->content, partition_key, key, value_size, value, error)) {
        return false;
    }
    chunk->entries++;
    return true;
}

bool chunk_writer_end(ChunkWriter *chunks, Error *error)
{
    DumpWriter *writer = chunks->writer;
    bool done;

    for (size_t package = 0; package < DUMP_MAX_PACKAGES; package++) {
        if (!end_chunk(chunks, package, error)) {
            return false;
        }
    }
    pthread_mutex_lock(&writer->mutex);
    waiting_unit(writer, chunks->unit)->completed = true;
    done = write_waiting(writer, error);
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

void chunk_writer_free(ChunkWriter *chunks)
{
    if (chunks != NULL) {
        for (size_t package = 0; package < DUMP_MAX_PACKAGES; package++) {
            free_chunks(chunks->filled[package]);
        }
        compressor_free(chunks->compressor);
        free(chunks);
    }
}
