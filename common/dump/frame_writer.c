/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/frame_writer.h"

#include "common/base/buffer.h"
#include "common/base/bytes.h"
#include "common/base/digest.h"
#include "common/dump/format.h"
#include "common/dump/seek_table.h"

#include <stdlib.h>
#include <string.h>

struct FrameWriter {
    DumpOutput *output; /* NULL once committed or discarded */
    Xxh64 *digest;
    uint64_t offset;
    SeekTable seek_table;
    Buffer buffer;
};

bool frame_writer_new(DumpOutput *output, FrameWriter **frames, Error *error)
{
    FrameWriter *f = calloc(1, sizeof *f);

    *frames = NULL;
    if (f == NULL) {
        dump_output_discard(output);
        return error_out_of_memory(error);
    }
    f->output = output;
    if (!xxh64_new(&f->digest, error)) {
        frame_writer_free(f);
        return false;
    }
    *frames = f;
    return true;
}

bool frame_writer_data(FrameWriter *frames, Slice frame, uint64_t content_size, Error *error)
{
    if (!seek_table_add(&frames->seek_table, frame.size, content_size, error) ||
        !dump_output_write(frames->output, frame, error)) {
        return false;
    }
    xxh64_update(frames->digest, frame);
    frames->offset += frame.size;
    return true;
}

bool frame_writer_json(FrameWriter *frames, char *text, Error *error)
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
    frames->buffer.size = 0;
    done = buffer_append(&frames->buffer, header, sizeof header, error) &&
           buffer_append(&frames->buffer, text, size, error) &&
           buffer_append(&frames->buffer, checksum, sizeof checksum, error) &&
           frame_writer_data(frames, buffer_slice(&frames->buffer), 0, error);
    free(text);
    return done;
}

bool frame_writer_finish(FrameWriter *frames, Error *error)
{
    DumpOutput *output = frames->output;

    if (!seek_table_encode(&frames->seek_table, &frames->buffer, error) ||
        !dump_output_write(output, buffer_slice(&frames->buffer), error)) {
        return false;
    }
    frames->offset += frames->buffer.size;
    frames->output = NULL;
    return dump_output_commit(output, error);
}

uint64_t frame_writer_offset(const FrameWriter *frames)
{
    return frames->offset;
}

uint64_t frame_writer_digest(const FrameWriter *frames)
{
    return xxh64_value(frames->digest);
}

void frame_writer_free(FrameWriter *frames)
{
    if (frames == NULL) {
        return;
    }
    dump_output_discard(frames->output);
    xxh64_free(frames->digest);
    seek_table_free(&frames->seek_table);
    buffer_free(&frames->buffer);
    free(frames);
}
