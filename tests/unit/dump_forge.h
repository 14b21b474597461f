/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Altered dumps: the sample's frames, reassembled in other ways.
 *
 * "Sealed" dumps are altered by somebody who corrects everything else: the checksums of JSON
 * frames, the file's size and XXH64 in the manifest, the seek table.
 */
#ifndef TESTS_UNIT_DUMP_FORGE_H
#define TESTS_UNIT_DUMP_FORGE_H

#include "tests/unit/dump_support.h"

#include <jansson.h>
#include <sys/resource.h>

#include "common/base/digest.h"
#include "common/dump/compression.h"

/* The sample's frames. */
enum {
    HEADER,
    COPY_HEADER_JSON,
    COPY_HEADER_DATA,
    CHUNK_JSON, /* of the first chunk; a pair for each chunk */
    CHUNK_DATA,
    TRAILER_JSON = CHUNK_JSON + 2 * SAMPLE_CHUNKS,
    TRAILER_DATA,
    MANIFEST,
    SEEK_TABLE,
    FRAME_COUNT
};

/* A dump being built: a temporary file's path, the sample and its frames. */
typedef struct Dump {
    const char *path;
    Buffer sample;
    Frames frames;
    json_t *manifest;
    Buffer file; /* to be written to the path */
} Dump;

static inline Dump dump_of_sample(void *const *state)
{
    Dump dump = {.path = NULL};
    Slice text;

    make_sample(state, &dump.sample);
    dump.path = folder_path(state, "dump");
    dump.frames = split_frames(buffer_slice(&dump.sample));
    assert_int_equal(dump.frames.count, FRAME_COUNT);
    text = json_text(dump.frames.items[MANIFEST]);
    dump.manifest = json_loadb((const char *)text.data, text.size, 0, NULL);
    assert_non_null(dump.manifest);
    return dump;
}

static inline void free_dump(Dump *dump)
{
    json_decref(dump->manifest);
    buffer_free(&dump->sample);
    buffer_free(&dump->file);
}

static inline void append(Buffer *buffer, Slice bytes)
{
    Error error = {0};

    assert_done(buffer_append(buffer, bytes.data, bytes.size, &error), &error);
}

/* Replaces `frame` by a JSON frame. */
static inline void make_json_frame(Slice text, Buffer *frame)
{
    uint8_t header[8];
    uint8_t checksum[8];

    frame->size = 0;
    store_le32(header, 0x184D2A57);
    store_le32(header + 4, (uint32_t)text.size + 8);
    store_le64(checksum, xxh64_of(text));
    append(frame, slice_of(header, sizeof header));
    append(frame, text);
    append(frame, slice_of(checksum, sizeof checksum));
}

/* Replaces `frame` by the JSON frame of an object, and takes over its reference. */
static inline void make_object_frame(json_t *object, Buffer *frame)
{
    char *text = json_dumps(object, JSON_COMPACT);

    assert_non_null(text);
    make_json_frame(slice_text(text), frame);
    free(text);
    json_decref(object);
}

/* Replaces `frame` by the JSON frame `original` with a member set to JSON text, or removed if
 * `value` is NULL. */
static inline void make_altered_frame(Slice original, const char *member, const char *value,
                                      Buffer *frame)
{
    Slice text = json_text(original);
    json_t *object = json_loadb((const char *)text.data, text.size, 0, NULL);

    assert_non_null(object);
    assert_int_equal(json_object_del(object, member), 0);
    if (value != NULL) {
        json_t *json = json_loads(value, JSON_DECODE_ANY, NULL);

        assert_non_null(json);
        assert_int_equal(json_object_set_new(object, member, json), 0);
    }
    make_object_frame(object, frame);
}

/* Replaces `frame` by a zstd frame like those of the writer. */
static inline void make_data_frame(Slice content, Buffer *frame)
{
    Compressor *compressor;
    Error error = {0};

    assert_done(compressor_new(3, &compressor, &error), &error);
    assert_done(compressor_run(compressor, content, frame, &error), &error);
    compressor_free(compressor);
}

static inline void write_file(Dump *dump)
{
    file_write(dump->path, buffer_slice(&dump->file));
}

/* Writes the frames unchanged. */
static inline void join(Dump *dump, const Frames *frames)
{
    dump->file.size = 0;
    for (size_t i = 0; i < frames->count; i++) {
        append(&dump->file, frames->items[i]);
    }
    write_file(dump);
}

/* The decompressed size of a frame, for the seek table; also of several frames in one, and of one
 * without a size. */
static inline uint32_t content_size(Slice frame)
{
    static uint8_t content[64 * 1024];
    size_t size = ZSTD_decompress(content, sizeof content, frame.data, frame.size);

    return (uint32_t)(ZSTD_isError(size) ? ZSTD_getFrameContentSize(frame.data, frame.size) : size);
}

/* Writes the manifest unchanged, and a seek table for the existing frames. */
static inline void end_file(Dump *dump, const Frames *frames)
{
    uint8_t word[4];
    Buffer manifest = {0};

    make_object_frame(json_incref(dump->manifest), &manifest);
    append(&dump->file, buffer_slice(&manifest));
    append(&dump->file, BYTES("\x5e\x2a\x4d\x18"));
    store_le32(word, (uint32_t)(frames->count + 1) * 8 + 9);
    append(&dump->file, slice_of(word, 4));
    for (size_t i = 0; i <= frames->count; i++) {
        Slice frame = i < frames->count ? frames->items[i] : buffer_slice(&manifest);

        store_le32(word, (uint32_t)frame.size);
        append(&dump->file, slice_of(word, 4));
        store_le32(word, content_size(frame));
        append(&dump->file, slice_of(word, 4));
    }
    store_le32(word, (uint32_t)frames->count + 1);
    append(&dump->file, slice_of(word, 4));
    append(&dump->file, BYTES("\0\xb1\xea\x92\x8f"));
    buffer_free(&manifest);
    write_file(dump);
}

/* Begins the file with the frames, and corrects the manifest's statements about the file. */
static inline void begin_file(Dump *dump, const Frames *frames)
{
    json_t *file = json_object_get(dump->manifest, "file");
    char digest[XXH64_TEXT_SIZE + 1];

    join(dump, frames);
    xxh64_to_text(xxh64_of(buffer_slice(&dump->file)), digest);
    assert_int_equal(json_object_set_new(file, "size", json_integer((json_int_t)dump->file.size)),
                     0);
    assert_int_equal(json_object_set_new(file, "xxh64", json_string(digest)), 0);
}

/* Writes the frames, which are all those before the manifest, sealed. */
static inline void seal(Dump *dump, const Frames *frames)
{
    begin_file(dump, frames);
    end_file(dump, frames);
}

/* The sample's frames before the manifest. */
static inline Frames contents_of(const Dump *dump)
{
    Frames frames = dump->frames;

    frames.count = MANIFEST;
    return frames;
}

static inline void remove_frame(Frames *frames, size_t at)
{
    frames->count--;
    memmove(&frames->items[at], &frames->items[at + 1],
            (frames->count - at) * sizeof frames->items[0]);
}

static inline void insert_frame(Frames *frames, size_t at, Slice frame)
{
    assert_true(frames->count < MAX_FRAMES);
    memmove(&frames->items[at + 1], &frames->items[at],
            (frames->count - at) * sizeof frames->items[0]);
    frames->items[at] = frame;
    frames->count++;
}

static inline void swap_frames(Frames *frames, size_t a, size_t b)
{
    Slice kept = frames->items[a];

    frames->items[a] = frames->items[b];
    frames->items[b] = kept;
}

static inline void assert_accepted(const Dump *dump)
{
    Error error = {0};

    assert_done(read_dump(dump->path, NULL, &error), &error);
    assert_done(read_dump_unread(dump->path, &error), &error);
}

/* Refused by a complete read. */
static inline void assert_read_refused(const Dump *dump)
{
    Error error = {0};

    assert_refused(read_dump(dump->path, NULL, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, dump->path);
}

/* Seals the sample with one frame replaced, and expects it to be refused. */
static inline void assert_frame_refused(Dump *dump, size_t at, Slice frame)
{
    Frames frames = contents_of(dump);

    frames.items[at] = frame;
    seal(dump, &frames);
    assert_read_refused(dump);
}

/* Also refused without decompressing the chunks. */
static inline void assert_never_accepted(const Dump *dump)
{
    Error error = {0};

    assert_read_refused(dump);
    assert_refused(read_dump_unread(dump->path, &error), &error, EXIT_CODE_DUMP);
}

static inline long resident_kilobytes(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

#endif
