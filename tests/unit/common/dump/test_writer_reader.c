/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dumps: everything written is read back, from a file and a pipe.
 */
#include "tests/unit/dump_support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "common/base/digest.h"
#include "common/pg/copy_binary.h"

/* The tuples of the sample's entries, in their order. */
static void make_tuples(Buffer *tuples)
{
    size_t count;
    const SampleEntry *entries = sample_entries(&count);

    for (size_t i = 0; i < count; i++) {
        append_tuple(tuples, entries[i].partition_key, entries[i].key, entries[i].value);
    }
}

/* The dump as COPY's input: header, tuples, trailer. */
static void make_stream(Buffer *stream)
{
    Error error = {0};

    assert_done(buffer_append(stream, COPY_HEADER, COPY_HEADER_SIZE, &error), &error);
    make_tuples(stream);
    assert_done(buffer_append(stream, COPY_TRAILER, COPY_TRAILER_SIZE, &error), &error);
}

static void test_header_comes_back(void **state)
{
    const char *path = folder_path(state, "dump");
    const DumpHeader *header;
    DumpReader *reader;
    Error error = {0};

    write_sample(path);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    header = dump_reader_header(reader);
    assert_string_equal(header->program, "kv-export");
    assert_string_equal(header->program_version, "1.2.3");
    assert_string_equal(header->created, "2022-06-15T14:30:00Z");
    assert_string_equal(header->source.time, "2022-06-15T14:30:00.123456Z");
    assert_string_equal(header->source.kind, "legacy");
    assert_string_equal(header->source.database, "lakefs");
    assert_int_equal(header->source.database_oid, 16384);
    assert_string_equal(header->source.schema, "public");
    assert_string_equal(header->source.server_version, "15.4");
    assert_string_equal(header->source.system_identifier, "7109876543210987654");
    assert_int_equal(header->source.schema_version, 38);
    assert_int_equal(header->source.tables.count, 3);
    assert_string_equal(header->source.tables.items[1].name, "graveler_staging_kv");
    assert_int_equal(header->source.tables.items[1].oid, 16402);
    assert_true(header->source.tables.items[2].oid == 4294967295);
    assert_string_equal(header->source.snapshot, "750:750:");
    assert_int_equal(header->kv_version, 1);
    assert_int_equal(header->kv_migration_version, 39);
    assert_int_equal(header->package_count, SAMPLE_PACKAGES);
    assert_string_equal(header->packages[0], "auth");
    assert_string_equal(header->packages[1], "graveler");
    assert_string_equal(header->packages[2], "actions");
    assert_int_equal(header->compression_level, 3);
    assert_int_equal(header->estimated_entries, 12);
    assert_false(header->redacted);
    assert_int_equal(header->omitted_count, 1);
    assert_string_equal(header->omitted[0], "package:multiparts");
    dump_reader_free(reader);
}

static void test_entries_come_back_in_their_chunks(void **state)
{
    static const struct {
        size_t package;
        uint64_t entries;
    } CHUNKS[SAMPLE_CHUNKS] = {{0, 2}, {1, 2}, {1, 1}, {1, 2}};
    const char *path = folder_path(state, "dump");
    Decompressor *decompressor;
    DumpReader *reader;
    DumpManifest manifest;
    DumpChunk chunk = {0};
    Buffer content = {0};
    Buffer tuples = {0};
    Buffer expected = {0};
    Error error = {0};
    bool end;

    write_sample(path);
    assert_done(decompressor_new(&decompressor, &error), &error);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    for (size_t i = 0; i < SAMPLE_CHUNKS; i++) {
        SetDigest digest;

        assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
        assert_false(end);
        assert_int_equal(chunk.index, i);
        assert_int_equal(chunk.package, CHUNKS[i].package);
        assert_int_equal(chunk.entries, CHUNKS[i].entries);
        assert_done(dump_chunk_unpack(reader, decompressor, &chunk, &content, &digest, &error),
                    &error);
        assert_int_equal(chunk.size, content.size);
        assert_done(dump_reader_account(reader, &chunk, buffer_slice(&content), digest, &error),
                    &error);
        assert_done(buffer_append(&tuples, content.data, content.size, &error), &error);
    }
    assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
    assert_true(end);
    assert_done(dump_reader_finish(reader, &manifest, &error), &error);
    make_tuples(&expected);
    assert_slice_equal(buffer_slice(&tuples), buffer_slice(&expected));
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    decompressor_free(decompressor);
    dump_chunk_free(&chunk);
    buffer_free(&content);
    buffer_free(&tuples);
    buffer_free(&expected);
}

/* Checks the manifest of the sample against the file's bytes. */
static void assert_sample_manifest(const DumpManifest *manifest, Slice file)
{
    static const uint64_t CHUNKS[SAMPLE_PACKAGES] = {1, 3, 0};
    SetDigest digests[SAMPLE_PACKAGES] = {0};
    uint64_t entries[SAMPLE_PACKAGES] = {0};
    uint64_t bytes[SAMPLE_PACKAGES] = {0};
    Frames frames = split_frames(file);
    size_t before_manifest =
        file.size - frames.items[frames.count - 1].size - frames.items[frames.count - 2].size;
    Buffer stream = {0};
    Error error = {0};
    uint8_t sha256[SHA256_SIZE];
    char text[SHA256_TEXT_SIZE + 1];
    size_t count;
    const SampleEntry *sample = sample_entries(&count);

    for (size_t i = 0; i < count; i++) {
        size_t package = sample[i].package;
        Buffer tuple = {0};

        append_tuple(&tuple, sample[i].partition_key, sample[i].key, sample[i].value);
        set_digest_add_tuple(&digests[package], buffer_slice(&tuple));
        entries[package]++;
        bytes[package] += tuple.size;
        buffer_free(&tuple);
    }
    assert_int_equal(manifest->package_count, SAMPLE_PACKAGES);
    for (size_t i = 0; i < SAMPLE_PACKAGES; i++) {
        assert_string_equal(manifest->packages[i].name, sample_header().packages[i]);
        assert_int_equal(manifest->packages[i].totals.entries, entries[i]);
        assert_int_equal(manifest->packages[i].totals.bytes, bytes[i]);
        assert_int_equal(manifest->packages[i].totals.chunks, CHUNKS[i]);
        assert_true(set_digest_equal(manifest->packages[i].totals.set_digest, digests[i]));
    }
    assert_int_equal(dump_manifest_entries(manifest), count);

    make_stream(&stream);
    assert_int_equal(manifest->stream_size, stream.size);
    assert_done(sha256_of(buffer_slice(&stream), sha256, &error), &error);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", sha256[i]);
    }
    assert_string_equal(manifest->stream_sha256, text);
    assert_int_equal(manifest->file_size, before_manifest);
    xxh64_to_text(xxh64_of(slice_of(file.data, before_manifest)), text);
    assert_string_equal(manifest->file_xxh64, text);
    buffer_free(&stream);
}

static void test_manifest_has_counts_and_digests(void **state)
{
    const char *path = folder_path(state, "dump");
    const DumpPackageSummary *packages;
    DumpManifest manifest;
    DumpReader *reader;
    Buffer file = {0};
    Error error = {0};
    size_t chunks;

    write_sample(path);
    file_read(path, &file);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    assert_done(read_chunks(reader, NULL, &chunks, &error), &error);
    assert_done(dump_reader_finish(reader, &manifest, &error), &error);
    assert_sample_manifest(&manifest, buffer_slice(&file));

    packages = manifest.packages;
    assert_int_equal(packages[0].source_rows.count, 1);
    assert_string_equal(packages[0].source_rows.items[0].table, "auth_users");
    assert_int_equal(packages[0].source_rows.items[0].rows, 1);
    assert_int_equal(packages[1].left_out.count, 1);
    assert_string_equal(packages[1].left_out.items[0].table, "graveler_staging_kv");
    assert_string_equal(packages[1].left_out.items[0].reason, "token on no branch");
    assert_int_equal(packages[1].left_out.items[0].rows, 7);
    assert_int_equal(packages[1].adjusted.count, 1);
    assert_int_equal(packages[1].adjusted.items[0].rows, 2);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    buffer_free(&file);
}

static void test_manifest_can_be_read_ahead(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpManifest manifest;
    DumpReader *reader;
    Buffer file = {0};
    Error error = {0};
    size_t chunks;
    bool found = false;

    write_sample(path);
    file_read(path, &file);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    assert_done(dump_reader_peek_manifest(reader, &found, &manifest, &error), &error);
    assert_true(found);
    assert_sample_manifest(&manifest, buffer_slice(&file));
    dump_manifest_free(&manifest);
    /* The read position has not moved. */
    assert_done(read_chunks(reader, NULL, &chunks, &error), &error);
    assert_int_equal(chunks, SAMPLE_CHUNKS);
    assert_done(dump_reader_finish(reader, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    buffer_free(&file);
}

static void test_chunks_need_not_be_unpacked(void **state)
{
    const char *path = folder_path(state, "dump");
    Error error = {0};

    write_sample(path);
    assert_done(read_dump_unread(path, &error), &error);
}

/* Threads that decompress lag behind the reader, which may reach the end before they have finished
 * the first chunk. */
static void test_chunks_may_be_unpacked_after_all_were_read(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpChunk chunks[SAMPLE_CHUNKS + 1] = {0};
    Decompressor *decompressor;
    DumpManifest manifest;
    DumpReader *reader;
    Buffer content = {0};
    Error error = {0};
    bool end = false;

    write_sample(path);
    assert_done(decompressor_new(&decompressor, &error), &error);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    for (size_t i = 0; i <= SAMPLE_CHUNKS; i++) {
        assert_false(end);
        assert_done(dump_reader_next(reader, &chunks[i], &end, &error), &error);
    }
    assert_true(end);
    for (size_t i = 0; i < SAMPLE_CHUNKS; i++) {
        SetDigest digest;

        assert_done(dump_chunk_unpack(reader, decompressor, &chunks[i], &content, &digest, &error),
                    &error);
        assert_done(dump_reader_account(reader, &chunks[i], buffer_slice(&content), digest, &error),
                    &error);
    }
    assert_done(dump_reader_finish(reader, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    decompressor_free(decompressor);
    for (size_t i = 0; i <= SAMPLE_CHUNKS; i++) {
        dump_chunk_free(&chunks[i]);
    }
    buffer_free(&content);
}

/* Any zstd can read the dump: `zstd -dc dump | psql -c 'COPY ... (FORMAT binary)'`. */
static void test_zstd_makes_a_copy_stream_of_the_dump(void **state)
{
    Buffer file = {0};
    Buffer stream = {0};
    uint8_t content[4096];
    size_t size;

    make_sample(state, &file);
    make_stream(&stream);
    size = ZSTD_decompress(content, sizeof content, file.data, file.size);
    assert_false(ZSTD_isError(size));
    assert_slice_equal(slice_of(content, size), buffer_slice(&stream));
    buffer_free(&file);
    buffer_free(&stream);
}

static void test_seek_table_and_json_frames_fit_the_frames(void **state)
{
    Buffer file = {0};
    Frames frames;
    Slice table;

    make_sample(state, &file);
    frames = split_frames(buffer_slice(&file));
    /* Header; announcement and data of COPY header, chunks, COPY trailer; manifest; seek table. */
    assert_int_equal(frames.count, 1 + 2 * (SAMPLE_CHUNKS + 2) + 1 + 1);
    table = frames.items[frames.count - 1];
    assert_int_equal(load_le32(table.data), 0x184D2A5E);
    assert_int_equal(load_le32(table.data + table.size - 9), frames.count - 1);
    for (size_t i = 0; i + 1 < frames.count; i++) {
        Slice frame = frames.items[i];
        const uint8_t *entry = table.data + 8 + 8 * i;

        assert_int_equal(load_le32(entry), frame.size);
        if (is_skippable(frame)) {
            Slice text = json_text(frame);

            assert_int_equal(load_le32(entry + 4), 0);
            assert_int_equal(text.data[0], '{');
            assert_true(load_le64(text.data + text.size) == xxh64_of(text));
        } else {
            assert_int_equal(load_le32(entry + 4),
                             ZSTD_getFrameContentSize(frame.data, frame.size));
            /* The frame header's descriptor: bit 2 is the content checksum's. */
            assert_int_equal(frame.data[4] & 4, 4);
        }
    }
    buffer_free(&file);
}

static void test_same_entries_give_the_same_file(void **state)
{
    Buffer first = {0};
    Buffer second = {0};

    make_sample(state, &first);
    make_sample(state, &second);
    assert_slice_equal(buffer_slice(&first), buffer_slice(&second));
    buffer_free(&first);
    buffer_free(&second);
}

/* Sends the bytes from another thread, one per message, or all at once into a FIFO. */
typedef struct Sender {
    const char *path; /* of a FIFO; NULL: socket */
    int socket;
    Slice bytes;
} Sender;

static void *send_bytes(void *argument)
{
    const Sender *sender = argument;
    int fd = sender->path == NULL ? sender->socket : open(sender->path, O_WRONLY);
    size_t step = sender->path == NULL ? 1 : sender->bytes.size;

    for (size_t at = 0; fd >= 0 && at < sender->bytes.size;) {
        size_t rest = sender->bytes.size - at;
        ssize_t size = write(fd, sender->bytes.data + at, step < rest ? step : rest);

        if (size <= 0) {
            break;
        }
        at += (size_t)size;
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

static void test_dump_may_lack_the_sha256_of_the_stream(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpHeader header = sample_header();
    DumpManifest manifest;
    DumpReader *reader;
    DumpWriter *writer;
    ChunkWriter *chunks;
    Error error = {0};
    size_t count;

    header.has_stream_sha256 = false;
    writer = new_writer(path, &header);
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    add_entry(chunks, slice_text("partition"), slice_text("key"), slice_text("value"));
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    assert_string_equal(manifest.stream_sha256, "");
    dump_manifest_free(&manifest);
    dump_writer_free(writer);

    assert_done(dump_reader_open(path, &reader, &error), &error);
    assert_false(dump_reader_header(reader)->has_stream_sha256);
    assert_done(read_chunks(reader, NULL, &count, &error), &error);
    assert_int_equal(count, 1);
    assert_done(dump_reader_finish(reader, &manifest, &error), &error);
    assert_string_equal(manifest.stream_sha256, "");
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
}

static void test_dump_comes_through_a_fifo(void **state)
{
    Sender sender = {.path = folder_path(state, "fifo")};
    Buffer file = {0};
    Buffer tuples = {0};
    Buffer expected = {0};
    Error error = {0};
    pthread_t thread;
    bool done;

    make_sample(state, &file);
    make_tuples(&expected);
    sender.bytes = buffer_slice(&file);
    assert_int_equal(mkfifo(sender.path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_bytes, &sender), 0);
    done = read_dump(sender.path, &tuples, &error);
    pthread_join(thread, NULL);
    assert_done(done, &error);
    assert_slice_equal(buffer_slice(&tuples), buffer_slice(&expected));
    buffer_free(&file);
    buffer_free(&tuples);
    buffer_free(&expected);
}

/* Reads a dump from standard input one byte at a time: a socket that preserves message boundaries
 * returns no more per read. */
static bool read_bytewise(Slice file, Buffer *tuples, Error *error)
{
    int kept = dup(STDIN_FILENO);
    Sender sender = {.bytes = file};
    pthread_t thread;
    int sockets[2];
    bool done;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
    sender.socket = sockets[1];
    dup2(sockets[0], STDIN_FILENO);
    close(sockets[0]);
    assert_int_equal(pthread_create(&thread, NULL, send_bytes, &sender), 0);
    done = read_dump("-", tuples, error);
    /* Stops the sender if the dump was refused early. */
    shutdown(STDIN_FILENO, SHUT_RDWR);
    pthread_join(thread, NULL);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    } else {
        close(STDIN_FILENO);
    }
    return done;
}

static void test_dump_comes_through_standard_input_one_byte_at_a_time(void **state)
{
    Buffer file = {0};
    Buffer tuples = {0};
    Buffer expected = {0};
    Error error = {0};

    make_sample(state, &file);
    make_tuples(&expected);
    assert_done(read_bytewise(buffer_slice(&file), &tuples, &error), &error);
    assert_slice_equal(buffer_slice(&tuples), buffer_slice(&expected));
    /* Truncated, it is refused like a file. */
    assert_refused(read_bytewise(slice_of(file.data, file.size - 1), NULL, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "standard input");
    assert_refused(read_bytewise(slice_of(file.data, 100), NULL, &error), &error, EXIT_CODE_DUMP);
    buffer_free(&file);
    buffer_free(&tuples);
    buffer_free(&expected);
}

static void test_manifest_of_a_pipe_cannot_be_read_ahead_without_error(void **state)
{
    Sender sender = {.path = folder_path(state, "fifo")};
    Buffer file = {0};
    Error error = {0};
    pthread_t thread;
    bool found;
    bool done;

    make_sample(state, &file);
    sender.bytes = buffer_slice(&file);
    assert_int_equal(mkfifo(sender.path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_bytes, &sender), 0);
    done = peek_dump(sender.path, &found, &error);
    pthread_join(thread, NULL);
    assert_done(done, &error);
    assert_false(found);
    buffer_free(&file);
}

static void test_dump_without_chunks_comes_back(void **state)
{
    const char *path = folder_path(state, "empty");
    DumpHeader header = sample_header();
    DumpManifest manifest = {.package_count = 0};
    DumpWriter *writer;
    Buffer tuples = {0};
    Buffer file = {0};
    Error error = {0};
    uint8_t content[64];
    bool found;

    header.package_count = 0;
    header.omitted_count = 0;
    writer = new_writer(path, &header);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);

    assert_done(read_dump(path, &tuples, &error), &error);
    assert_int_equal(tuples.size, 0);
    assert_done(read_dump_unread(path, &error), &error);
    assert_done(peek_dump(path, &found, &error), &error);
    assert_true(found);
    file_read(path, &file);
    assert_int_equal(ZSTD_decompress(content, sizeof content, file.data, file.size),
                     COPY_HEADER_SIZE + COPY_TRAILER_SIZE);
    buffer_free(&tuples);
    buffer_free(&file);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_header_comes_back),
        IN_FOLDER(test_entries_come_back_in_their_chunks),
        IN_FOLDER(test_manifest_has_counts_and_digests),
        IN_FOLDER(test_manifest_can_be_read_ahead),
        IN_FOLDER(test_chunks_need_not_be_unpacked),
        IN_FOLDER(test_chunks_may_be_unpacked_after_all_were_read),
        IN_FOLDER(test_zstd_makes_a_copy_stream_of_the_dump),
        IN_FOLDER(test_seek_table_and_json_frames_fit_the_frames),
        IN_FOLDER(test_same_entries_give_the_same_file),
        IN_FOLDER(test_dump_may_lack_the_sha256_of_the_stream),
        IN_FOLDER(test_dump_comes_through_a_fifo),
        IN_FOLDER(test_dump_comes_through_standard_input_one_byte_at_a_time),
        IN_FOLDER(test_manifest_of_a_pipe_cannot_be_read_ahead_without_error),
        IN_FOLDER(test_dump_without_chunks_comes_back),
    };

    /* A reader that goes away is a write error, and does not end the program. */
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("dump writer and reader", tests, NULL, NULL);
}
