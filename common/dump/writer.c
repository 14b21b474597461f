#include "common/dump/writer.h"

#include "common/base/bytes.h"
#include "common/copy/binary.h"
#include "common/dump/compression.h"
#include "common/dump/entry.h"
#include "common/dump/format.h"
#include "common/dump/seek_table.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/dump/json.h"

/* Decompressed bytes that a worker keeps while it waits for its turn; more only when a single chunk
 * is larger. */
enum { KEPT_BYTES = 32 * 1024 * 1024 };

/* Units that may be begun ahead of the turn, beyond one for each worker. */
enum { UNITS_AHEAD = 2 };

/* A chunk on its way to the file. */
typedef struct Chunk {
    struct Chunk *next;
    size_t package;
    uint64_t entries;
    SetDigest digest;
    Buffer content;
    Buffer frame;
} Chunk;

/* Chunks in order; {0} is empty. */
typedef struct ChunkQueue {
    Chunk *first;
    Chunk *last;
    size_t bytes; /* decompressed */
} ChunkQueue;

/* A unit that was completed ahead of its turn. */
typedef struct CompletedUnit {
    bool completed;
    ChunkQueue chunks;
} CompletedUnit;

struct DumpWriter {
    DumpOutput *output; /* NULL once it was committed or discarded */
    int level;
    const char *packages[DUMP_MAX_PACKAGES]; /* borrowed from the caller of dump_writer_new */

    pthread_mutex_t mutex; /* guards all that follows */
    pthread_cond_t turned; /* the turn, or stopped, has changed */
    bool stopped;
    size_t turn;              /* the unit whose chunks go into the file now */
    CompletedUnit *completed; /* of `window` units from the turn on, by unit modulo window; owned */
    size_t window;
    Chunk *spare; /* chunks whose memory is used again */

    Compressor *compressor;
    Buffer frame;
    Xxh64 *file_digest;
    Sha256 *stream_digest;
    uint64_t file_size;
    uint64_t stream_size;
    uint64_t chunk_count;
    SeekTable seek_table;
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];
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

static void push_chunk(ChunkQueue *queue, Chunk *chunk)
{
    chunk->next = NULL;
    if (queue->last == NULL) {
        queue->first = chunk;
    } else {
        queue->last->next = chunk;
    }
    queue->last = chunk;
    queue->bytes += chunk->content.size;
}

static bool write_frame(DumpWriter *writer, Slice frame, uint64_t content_size, Error *error)
{
    if (!seek_table_add(&writer->seek_table, frame.size, content_size, error) ||
        !dump_output_write(writer->output, frame, error)) {
        return false;
    }
    xxh64_update(writer->file_digest, frame);
    writer->file_size += frame.size;
    return true;
}

/* Writes a skippable frame with the JSON text and its checksum.  Frees the text. */
static bool write_json(DumpWriter *writer, char *text, Error *error)
{
    uint8_t header[DUMP_SKIPPABLE_HEADER_SIZE];
    uint8_t checksum[DUMP_JSON_CHECKSUM_SIZE];
    size_t size;
    bool done;

    if (text == NULL) {
        return false;
    }
    size = strlen(text);
    if (size + DUMP_JSON_CHECKSUM_SIZE > DUMP_JSON_MAX_SIZE) {
        free(text);
        return error_set(error, EXIT_CODE_FAILED, "a JSON frame of the dump would be too large");
    }
    store_le32(header, DUMP_JSON_MAGIC);
    store_le32(header + 4, (uint32_t)(size + DUMP_JSON_CHECKSUM_SIZE));
    store_le64(checksum, xxh64_of(slice_of(text, size)));
    writer->frame.size = 0;
    done = buffer_append(&writer->frame, header, sizeof header, error) &&
           buffer_append(&writer->frame, text, size, error) &&
           buffer_append(&writer->frame, checksum, sizeof checksum, error) &&
           write_frame(writer, buffer_slice(&writer->frame), 0, error);
    free(text);
    return done;
}

/* Writes a data frame, already compressed, behind the JSON frame that announces it. */
static bool write_data(DumpWriter *writer, char *announcement, Slice content, Slice frame,
                       Error *error)
{
    if (!write_json(writer, announcement, error) ||
        !write_frame(writer, frame, content.size, error) ||
        !sha256_update(writer->stream_digest, content, error)) {
        return false;
    }
    writer->stream_size += content.size;
    return true;
}

/* Writes the COPY header or trailer, each a frame of its own so that chunks hold entries only. */
static bool write_copy_part(DumpWriter *writer, const char *name, Slice content, Error *error)
{
    Buffer frame = {0};
    bool done = compressor_run(writer->compressor, content, &frame, error);

    if (done) {
        char *announcement = dump_json_encode(json_pack("{s:s, s:I, s:I}", "frame", name, "size",
                                                        (json_int_t)content.size, "compressed_size",
                                                        (json_int_t)frame.size),
                                              error);

        done = write_data(writer, announcement, content, buffer_slice(&frame), error);
    }
    buffer_free(&frame);
    return done;
}

bool dump_writer_new(DumpOutput *output, const DumpHeader *header, size_t workers,
                     DumpWriter **writer, Error *error)
{
    DumpWriter *w = calloc(1, sizeof *w);

    *writer = NULL;
    if (w == NULL) {
        dump_output_discard(output);
        return error_out_of_memory(error);
    }
    w->output = output;
    w->level = (int)header->compression_level;
    memcpy(w->packages, header->packages, sizeof w->packages);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->turned, NULL);
    w->window = workers + UNITS_AHEAD;
    w->completed = calloc(w->window, sizeof *w->completed);
    if (w->completed == NULL) {
        dump_writer_free(w);
        return error_out_of_memory(error);
    }
    if (!compressor_new(w->level, &w->compressor, error) || !xxh64_new(&w->file_digest, error) ||
        !sha256_new(&w->stream_digest, error) ||
        !write_json(w, dump_header_encode(header, error), error) ||
        !write_copy_part(w, DUMP_FRAME_COPY_HEADER, slice_of(COPY_HEADER, COPY_HEADER_SIZE),
                         error)) {
        dump_writer_free(w);
        return false;
    }
    *writer = w;
    return true;
}

/* Fills what the writer knows of the manifest. */
static bool fill_manifest(DumpWriter *writer, DumpManifest *manifest, Error *error)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        manifest->packages[i].totals = writer->totals[i];
    }
    manifest->stream_size = writer->stream_size;
    manifest->file_size = writer->file_size;
    xxh64_to_text(xxh64_value(writer->file_digest), manifest->file_xxh64);
    return sha256_finish(writer->stream_digest, manifest->stream_sha256, error);
}

/* Whether every unit that was begun has had its turn. */
static bool check_units(const DumpWriter *writer, Error *error)
{
    for (size_t i = 0; i < writer->window; i++) {
        if (writer->completed[i].completed) {
            return error_set(error, EXIT_CODE_FAILED,
                             "entries wait for unit %zu, which nobody has ended", writer->turn);
        }
    }
    return true;
}

bool dump_writer_finish(DumpWriter *writer, DumpManifest *manifest, Error *error)
{
    DumpOutput *output = writer->output;

    if (!check_units(writer, error) ||
        !write_copy_part(writer, DUMP_FRAME_COPY_TRAILER, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE),
                         error) ||
        !fill_manifest(writer, manifest, error) ||
        !write_json(writer, dump_manifest_encode(manifest, error), error) ||
        !seek_table_encode(&writer->seek_table, &writer->frame, error) ||
        !dump_output_write(output, buffer_slice(&writer->frame), error)) {
        return false;
    }
    writer->output = NULL;
    return dump_output_commit(output, error);
}

void dump_writer_free(DumpWriter *writer)
{
    if (writer == NULL) {
        return;
    }
    dump_output_discard(writer->output);
    for (size_t i = 0; writer->completed != NULL && i < writer->window; i++) {
        free_chunks(writer->completed[i].chunks.first);
    }
    free(writer->completed);
    free_chunks(writer->spare);
    compressor_free(writer->compressor);
    xxh64_free(writer->file_digest);
    sha256_free(writer->stream_digest);
    seek_table_free(&writer->seek_table);
    buffer_free(&writer->frame);
    pthread_mutex_destroy(&writer->mutex);
    pthread_cond_destroy(&writer->turned);
    free(writer);
}

void dump_writer_stop(DumpWriter *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopped = true;
    pthread_cond_broadcast(&writer->turned);
    pthread_mutex_unlock(&writer->mutex);
}

/* Writes one chunk, with the mutex held, and keeps its memory for others. */
static bool write_chunk(DumpWriter *writer, Chunk *chunk, Error *error)
{
    DumpPackageTotals *totals = &writer->totals[chunk->package];
    char *announcement = dump_json_encode(
        json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "frame", DUMP_FRAME_CHUNK, "index",
                  (json_int_t)writer->chunk_count, "package", writer->packages[chunk->package],
                  "entries", (json_int_t)chunk->entries, "size", (json_int_t)chunk->content.size,
                  "compressed_size", (json_int_t)chunk->frame.size),
        error);
    bool done = write_data(writer, announcement, buffer_slice(&chunk->content),
                           buffer_slice(&chunk->frame), error);

    writer->chunk_count++;
    totals->chunks++;
    totals->entries += chunk->entries;
    totals->bytes += chunk->content.size;
    set_digest_add(&totals->set_digest, chunk->digest);
    chunk->next = NULL;
    /* A huge value must not pin its memory to the end. */
    if (chunk->content.capacity > 2 * DUMP_CHUNK_SIZE) {
        free_chunks(chunk);
    } else {
        chunk->next = writer->spare;
        writer->spare = chunk;
    }
    return done;
}

static bool write_chunks(DumpWriter *writer, ChunkQueue *queue, Error *error)
{
    bool done = true;

    while (done && queue->first != NULL) {
        Chunk *chunk = queue->first;

        queue->first = chunk->next;
        done = write_chunk(writer, chunk, error);
    }
    if (done) {
        *queue = (ChunkQueue){0};
    }
    return done;
}

struct ChunkWriter {
    DumpWriter *writer;
    Compressor *compressor;
    size_t unit;
    size_t package;
    Chunk *chunk;    /* that is being filled; NULL when none is */
    ChunkQueue kept; /* until it is the unit's turn */
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

static bool stopped(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "another worker has failed");
}

bool chunk_writer_begin(ChunkWriter *chunks, size_t unit, size_t package, Error *error)
{
    DumpWriter *writer = chunks->writer;
    bool done;

    chunks->unit = unit;
    chunks->package = package;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->stopped && unit >= writer->turn + writer->window) {
        pthread_cond_wait(&writer->turned, &writer->mutex);
    }
    done = !writer->stopped || stopped(error);
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

/* Takes a spare chunk, or makes one. */
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
    chunk->digest = (SetDigest){0};
    chunk->content.size = 0;
    chunks->chunk = chunk;
    return true;
}

/* Compresses the chunk, and computes its digest by the same walk that a reader makes: what that
 * cannot read is never written. */
static bool seal_chunk(ChunkWriter *chunks, Error *error)
{
    Chunk *chunk = chunks->chunk;
    const char *problem;
    uint64_t entries;
    size_t offset;

    if (!entry_scan(buffer_slice(&chunk->content), &entries, &chunk->digest, &offset, &problem) ||
        entries != chunk->entries) {
        return error_set(error, EXIT_CODE_FAILED, "a chunk was not built as it should be");
    }
    return compressor_run(chunks->compressor, buffer_slice(&chunk->content), &chunk->frame, error);
}

/* Ends the chunk that is being filled: it goes into the file when it is its turn, else it is kept.
 */
static bool end_chunk(ChunkWriter *chunks, Error *error)
{
    DumpWriter *writer = chunks->writer;
    bool done = true;

    if (chunks->chunk == NULL) {
        return true;
    }
    if (!seal_chunk(chunks, error)) {
        return false;
    }
    pthread_mutex_lock(&writer->mutex);
    push_chunk(&chunks->kept, chunks->chunk);
    chunks->chunk = NULL;
    while (!writer->stopped && chunks->unit != writer->turn && chunks->kept.bytes > KEPT_BYTES) {
        pthread_cond_wait(&writer->turned, &writer->mutex);
    }
    if (writer->stopped) {
        done = stopped(error);
    } else if (chunks->unit == writer->turn) {
        done = write_chunks(writer, &chunks->kept, error);
    }
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error)
{
    size_t size = entry_tuple_size(partition_key.size, key.size, value_size);

    if (size > DUMP_CHUNK_MAX_SIZE) {
        return error_set(error, EXIT_CODE_FAILED,
                         "an entry of %zu bytes is larger than a dump can hold", size);
    }
    if (chunks->chunk != NULL && chunks->chunk->content.size + size > DUMP_CHUNK_SIZE &&
        !end_chunk(chunks, error)) {
        return false;
    }
    if ((chunks->chunk == NULL && !new_chunk(chunks, error)) ||
        !entry_append(&chunks->chunk->content, partition_key, key, value_size, value, error)) {
        return false;
    }
    chunks->chunk->entries++;
    return true;
}

/* Passes the turn on, over all units that were completed ahead of theirs. */
static bool pass_turn(DumpWriter *writer, Error *error)
{
    CompletedUnit *unit;
    bool done = true;

    writer->turn++;
    unit = &writer->completed[writer->turn % writer->window];
    while (done && unit->completed) {
        done = write_chunks(writer, &unit->chunks, error);
        unit->completed = false;
        writer->turn++;
        unit = &writer->completed[writer->turn % writer->window];
    }
    pthread_cond_broadcast(&writer->turned);
    return done;
}

bool chunk_writer_end(ChunkWriter *chunks, Error *error)
{
    DumpWriter *writer = chunks->writer;
    bool done = true;

    if (!end_chunk(chunks, error)) {
        return false;
    }
    pthread_mutex_lock(&writer->mutex);
    if (chunks->unit == writer->turn) {
        done = write_chunks(writer, &chunks->kept, error) && pass_turn(writer, error);
    } else {
        CompletedUnit *unit = &writer->completed[chunks->unit % writer->window];

        unit->completed = true;
        unit->chunks = chunks->kept;
        chunks->kept = (ChunkQueue){0};
    }
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

void chunk_writer_free(ChunkWriter *chunks)
{
    if (chunks != NULL) {
        free_chunks(chunks->chunk);
        free_chunks(chunks->kept.first);
        compressor_free(chunks->compressor);
        free(chunks);
    }
}
