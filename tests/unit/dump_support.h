/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers for tests of dumps: a small dump with a bit of everything, its frames, and a complete
 * read of a dump.
 *
 * zstd itself finds the frames, and tuples are built here, so that writer and reader are not only
 * checked against each other.
 */
#ifndef TESTS_UNIT_DUMP_SUPPORT_H
#define TESTS_UNIT_DUMP_SUPPORT_H

#include "tests/unit/support.h"

#include <zstd.h>

#include "common/base/bytes.h"
#include "common/dump/format.h"
#include "common/dump/reader.h"
#include "common/dump/writer.h"

enum { SAMPLE_PACKAGES = 3, SAMPLE_CHUNKS = 4, MAX_FRAMES = 64 };

/* An entry of the sample: its package, and whether its unit, which is one chunk, ends behind it. */
typedef struct SampleEntry {
    size_t package;
    Slice partition_key;
    Slice key;
    Slice value;
    bool ends_unit;
} SampleEntry;

/* Packages "auth" (one chunk), "graveler" (three chunks), "actions" (none). */
static inline const SampleEntry *sample_entries(size_t *count)
{
    static SampleEntry entries[7];

    entries[0] = (SampleEntry){0, BYTES("auth"), BYTES("users/admin"), BYTES("\22\5admin"), false};
    entries[1] = (SampleEntry){0, BYTES("auth"), BYTES("groups/caf\xc3\xa9"), BYTES(""), true};
    entries[2] = (SampleEntry){1, BYTES("graveler"), BYTES("repos/r"), BYTES("\12\1r"), false};
    entries[3] = (SampleEntry){1, BYTES("token"), BYTES("\0\377\n"), BYTES("\0\0\0\0"), true};
    entries[4] = (SampleEntry){1, BYTES("token"), BYTES(""), BYTES("\377\377"), true};
    entries[5] = (SampleEntry){1, BYTES("token"), BYTES("a"), BYTES("1"), false};
    entries[6] = (SampleEntry){1, BYTES("token"), BYTES("b"), BYTES("2"), true};
    *count = COUNT_OF(entries);
    return entries;
}

static inline DumpHeader sample_header(void)
{
    static DumpTable tables[] = {
        {"auth_users", 16390}, {"graveler_staging_kv", 16402}, {"graveler_staging_kv", 4294967295}};

    return (DumpHeader){
        .program = "kv-export",
        .program_version = "1.2.3",
        .created = "2022-06-15T14:30:00Z",
        .source =
            {
                .kind = "legacy",
                .database = "lakefs",
                .database_oid = 16384,
                .schema = "public",
                .server_version = "15.4",
                .system_identifier = "7109876543210987654",
                .schema_version = 38,
                .tables = {tables, COUNT_OF(tables)},
                .snapshot = "750:750:",
                .time = "2022-06-15T14:30:00.123456Z",
            },
        .kv_version = 1,
        .kv_migration_version = 39,
        .packages = {"auth", "graveler", "actions"},
        .package_count = SAMPLE_PACKAGES,
        .compression_level = 3,
        .has_stream_sha256 = true,
        .estimated_entries = 12,
        .redacted = false,
        .omitted = {"package:multiparts"},
        .omitted_count = 1,
    };
}

/* What a caller of the writer knows about the manifest.  End with dump_manifest_free. */
static inline void sample_manifest(DumpManifest *manifest)
{
    DumpHeader header = sample_header();
    Error error = {0};

    *manifest = (DumpManifest){.package_count = header.package_count};
    for (size_t i = 0; i < header.package_count; i++) {
        manifest->packages[i].name = header.packages[i];
    }
    assert_done(dump_counts_add(&manifest->packages[0].source_rows, "auth_users", "", 1, &error),
                &error);
    assert_done(dump_counts_add(&manifest->packages[1].left_out, "graveler_staging_kv",
                                "token on no branch", 7, &error),
                &error);
    assert_done(dump_counts_add(&manifest->packages[1].adjusted, "graveler_commits", "timestamp", 2,
                                &error),
                &error);
}

enum { SAMPLE_WORKERS = 4 };

static inline DumpWriter *new_writer(const char *path, const DumpHeader *header)
{
    DumpOutput *output;
    DumpWriter *writer;
    Error error = {0};

    assert_done(dump_output_open(path, true, &output, &error), &error);
    assert_done(dump_writer_new(output, header, SAMPLE_WORKERS, &writer, &error), &error);
    return writer;
}

static inline void add_entry(ChunkWriter *chunks, Slice partition_key, Slice key, Slice value)
{
    Error error = {0};
    uint8_t *place;

    assert_done(chunk_writer_add(chunks, partition_key, key, value.size, &place, &error), &error);
    if (value.size > 0) {
        memcpy(place, value.data, value.size);
    }
}

/* Writes the sample. */
static inline void write_sample(const char *path)
{
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    DumpManifest manifest;
    ChunkWriter *chunks;
    Error error = {0};
    size_t count;
    size_t unit = 0;
    bool begun = false;
    const SampleEntry *entries = sample_entries(&count);

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    for (size_t i = 0; i < count; i++) {
        if (!begun) {
            assert_done(chunk_writer_begin(chunks, unit++, entries[i].package, &error), &error);
            begun = true;
        }
        add_entry(chunks, entries[i].partition_key, entries[i].key, entries[i].value);
        if (entries[i].ends_unit) {
            assert_done(chunk_writer_end(chunks, &error), &error);
            begun = false;
        }
    }
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
}

/* The same as a file in memory. */
static inline void make_sample(void *const *state, Buffer *file)
{
    const char *path = folder_path(state, "sample");

    write_sample(path);
    file_read(path, file);
    assert_int_equal(unlink(path), 0);
}

/* Appends a tuple as PostgreSQL's documentation specifies it. */
static inline void append_tuple(Buffer *tuples, Slice partition_key, Slice key, Slice value)
{
    const Slice fields[] = {partition_key, key, value};
    Error error = {0};

    assert_done(buffer_append(tuples, "\0\3", 2, &error), &error);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        uint8_t size[4];

        store_be32(size, (uint32_t)fields[i].size);
        assert_done(buffer_append(tuples, size, sizeof size, &error), &error);
        assert_done(buffer_append(tuples, fields[i].data, fields[i].size, &error), &error);
    }
}

/* The frames of a dump, in order.  Each points into the file. */
typedef struct Frames {
    Slice items[MAX_FRAMES];
    size_t count;
} Frames;

static inline Frames split_frames(Slice file)
{
    Frames frames = {.count = 0};

    while (file.size > 0) {
        size_t size = ZSTD_findFrameCompressedSize(file.data, file.size);

        assert_false(ZSTD_isError(size));
        assert_true(frames.count < MAX_FRAMES);
        frames.items[frames.count++] = slice_of(file.data, size);
        file = slice_of(file.data + size, file.size - size);
    }
    return frames;
}

static inline bool is_skippable(Slice frame)
{
    return frame.size >= 4 && load_le32(frame.data) >> 4 == 0x184D2A5;
}

/* The text of a JSON frame. */
static inline Slice json_text(Slice frame)
{
    assert_int_equal(load_le32(frame.data), 0x184D2A57);
    assert_true(frame.size >= 16);
    return slice_of(frame.data + 8, frame.size - 16);
}

/* Reads chunks to the end, and appends their contents to `tuples`. */
static inline bool read_chunks(DumpReader *reader, Buffer *tuples, size_t *chunks, Error *error)
{
    Decompressor *decompressor;
    DumpChunk chunk = {0};
    Buffer content = {0};
    bool end = false;
    bool done = decompressor_new(&decompressor, error);

    *chunks = 0;
    while (done && !end) {
        SetDigest digest;

        done = dump_reader_next(reader, &chunk, &end, error);
        if (done && !end) {
            (*chunks)++;
            done = dump_chunk_unpack(reader, decompressor, &chunk, &content, &digest, error) &&
                   dump_reader_account(reader, &chunk, buffer_slice(&content), digest, error) &&
                   (tuples == NULL || buffer_append(tuples, content.data, content.size, error));
        }
    }
    decompressor_free(decompressor);
    dump_chunk_free(&chunk);
    buffer_free(&content);
    return done;
}

/* Reads a dump from end to end and checks everything. */
static inline bool read_dump(const char *path, Buffer *tuples, Error *error)
{
    DumpManifest manifest = {0};
    DumpReader *reader;
    size_t chunks;
    bool done;

    if (!dump_reader_open(path, &reader, error)) {
        return false;
    }
    done =
        read_chunks(reader, tuples, &chunks, error) && dump_reader_finish(reader, &manifest, error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

/* The same without decompressing the chunks. */
static inline bool read_dump_unread(const char *path, Error *error)
{
    DumpManifest manifest = {0};
    DumpReader *reader;
    bool done;

    if (!dump_reader_open(path, &reader, error)) {
        return false;
    }
    done = dump_reader_pass_chunks(reader, error) &&
           dump_reader_finish_unread(reader, &manifest, error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

/* Reads the header, then the manifest ahead. */
static inline bool peek_dump(const char *path, bool *found, Error *error)
{
    DumpManifest manifest = {0};
    DumpReader *reader;
    bool done;

    *found = false;
    if (!dump_reader_open(path, &reader, error)) {
        return false;
    }
    done = dump_reader_peek_manifest(reader, found, &manifest, error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

#endif
