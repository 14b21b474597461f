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

struct DumpWriter {
    DumpOutput *output; /* NULL once it was committed or discarded */
    int level;
    const char *packages[DUMP_MAX_PACKAGES]; /* borrowed from the caller of dump_writer_new */
    size_t package_count;

    pthread_mutex_t mutex; /* guards all that follows: chunks come from several threads */
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

bool dump_writer_new(DumpOutput *output, const DumpHeader *header, DumpWriter **writer,
                     Error *error)
{
    DumpWriter *w = calloc(1, sizeof *w);

    *writer = NULL;
    if (w == NULL) {
        dump_output_discard(output);
        return error_out_of_memory(error);
    }
    w->output = output;
    w->level = (int)header->compression_level;
    w->package_count = header->package_count;
    memcpy(w->packages, header->packages, sizeof w->packages);
    pthread_mutex_init(&w->mutex, NULL);
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

bool dump_writer_finish(DumpWriter *writer, DumpManifest *manifest, Error *error)
{
    DumpOutput *output = writer->output;

    if (!write_copy_part(writer, DUMP_FRAME_COPY_TRAILER, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE),
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
    compressor_free(writer->compressor);
    xxh64_free(writer->file_digest);
    sha256_free(writer->stream_digest);
    seek_table_free(&writer->seek_table);
    buffer_free(&writer->frame);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

struct ChunkWriter {
    DumpWriter *writer;
    Compressor *compressor;
    size_t package;
    uint64_t entries;
    Buffer content;
    Buffer frame;
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

void chunk_writer_begin(ChunkWriter *chunks, size_t package)
{
    chunks->package = package;
}

bool chunk_writer_add(ChunkWriter *chunks, Slice partition_key, Slice key, size_t value_size,
                      uint8_t **value, Error *error)
{
    size_t size = entry_tuple_size(partition_key.size, key.size, value_size);

    if (size > DUMP_CHUNK_MAX_SIZE) {
        return error_set(error, EXIT_CODE_FAILED,
                         "an entry of %zu bytes is larger than a dump can hold", size);
    }
    if (chunks->entries > 0 && chunks->content.size + size > DUMP_CHUNK_SIZE &&
        !chunk_writer_flush(chunks, error)) {
        return false;
    }
    if (!entry_append(&chunks->content, partition_key, key, value_size, value, error)) {
        return false;
    }
    chunks->entries++;
    return true;
}

static bool write_chunk(DumpWriter *writer, const ChunkWriter *chunks, SetDigest digest,
                        Error *error)
{
    DumpPackageTotals *totals = &writer->totals[chunks->package];
    char *announcement = dump_json_encode(
        json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "frame", DUMP_FRAME_CHUNK, "index",
                  (json_int_t)writer->chunk_count, "package", writer->packages[chunks->package],
                  "entries", (json_int_t)chunks->entries, "size", (json_int_t)chunks->content.size,
                  "compressed_size", (json_int_t)chunks->frame.size),
        error);

    if (!write_data(writer, announcement, buffer_slice(&chunks->content),
                    buffer_slice(&chunks->frame), error)) {
        return false;
    }
    writer->chunk_count++;
    totals->chunks++;
    totals->entries += chunks->entries;
    totals->bytes += chunks->content.size;
    set_digest_add(&totals->set_digest, digest);
    return true;
}

bool chunk_writer_flush(ChunkWriter *chunks, Error *error)
{
    SetDigest digest = {0};
    const char *problem;
    uint64_t entries;
    size_t offset;
    bool done;

    if (chunks->entries == 0) {
        return true;
    }
    /* The same walk that a reader makes: what it cannot read is never written. */
    if (!entry_scan(buffer_slice(&chunks->content), &entries, &digest, &offset, &problem) ||
        entries != chunks->entries) {
        return error_set(error, EXIT_CODE_FAILED, "a chunk was not built as it should be");
    }
    if (!compressor_run(chunks->compressor, buffer_slice(&chunks->content), &chunks->frame,
                        error)) {
        return false;
    }
    pthread_mutex_lock(&chunks->writer->mutex);
    done = write_chunk(chunks->writer, chunks, digest, error);
    pthread_mutex_unlock(&chunks->writer->mutex);
    chunks->entries = 0;
    chunks->content.size = 0;
    /* A huge value must not pin its memory to the end. */
    if (chunks->content.capacity > 2 * DUMP_CHUNK_SIZE) {
        buffer_free(&chunks->content);
        buffer_free(&chunks->frame);
    }
    return done;
}

void chunk_writer_free(ChunkWriter *chunks)
{
    if (chunks != NULL) {
        compressor_free(chunks->compressor);
        buffer_free(&chunks->content);
        buffer_free(&chunks->frame);
        free(chunks);
    }
}
