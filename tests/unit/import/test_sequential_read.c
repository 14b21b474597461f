/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large entries, read by several workers: together they need no more memory than one may.
 */
#include "tests/unit/dump_support.h"

#include <pthread.h>
#include <sched.h>

#include "import/parallel_read.h"
#include "import/sequential_read.h"

enum { MEBIBYTE = 1024 * 1024, WORKERS = 4 };

/* A dump in which each entry is a chunk of its own, with a value of so many zeros. */
static void write_zeros(const char *path, const size_t *sizes, size_t count)
{
    DumpHeader header = sample_header();
    DumpWriter *writer;
    DumpManifest manifest;
    ChunkWriter *chunks;
    Error error = {0};

    header.has_stream_sha256 = false;
    writer = new_writer(path, &header);
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    for (size_t i = 0; i < count; i++) {
        uint8_t *zeros = calloc(1, sizes[i]);
        char key[2] = {(char)('a' + i), '\0'};

        assert_non_null(zeros);
        assert_done(chunk_writer_begin(chunks, i, 1, &error), &error);
        add_entry(chunks, slice_text("token"), slice_text(key), slice_of(zeros, sizes[i]));
        assert_done(chunk_writer_end(chunks, &error), &error);
        free(zeros);
    }
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
}

typedef struct Visits {
    pthread_mutex_t mutex;
    size_t bytes; /* of the chunks that are visited at this moment */
    size_t most;
    size_t count;
} Visits;

static bool visit(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Visits *visits = state;

    (void)worker;
    (void)entries;
    (void)error;
    pthread_mutex_lock(&visits->mutex);
    visits->count++;
    visits->bytes += tuples.size;
    visits->most = visits->bytes > visits->most ? visits->bytes : visits->most;
    pthread_mutex_unlock(&visits->mutex);
    sched_yield();
    pthread_mutex_lock(&visits->mutex);
    visits->bytes -= tuples.size;
    pthread_mutex_unlock(&visits->mutex);
    return true;
}

static const DumpVisitor VISITOR = {.visit = visit};

static Visits no_visits(void)
{
    return (Visits){.mutex = PTHREAD_MUTEX_INITIALIZER};
}

static bool read_sequentially(const char *path, Visits *visits, DumpManifest *manifest,
                              Error *error)
{
    DumpReader *reader;
    bool done;

    assert_done(dump_reader_open(path, &reader, error), error);
    done = sequential_read_dump(reader, WORKERS, &VISITOR, visits, manifest, error);
    dump_reader_free(reader);
    return done;
}

/* Two of them would be too many. */
static void test_large_chunks_are_in_memory_one_at_a_time(void **state)
{
    static const size_t SIZES[] = {140 * MEBIBYTE, 150 * MEBIBYTE, 130 * MEBIBYTE};
    const char *path = folder_path(state, "dump");
    Visits first = no_visits();
    Visits again = no_visits();
    DumpManifest manifest;
    Error error = {0};

    write_zeros(path, SIZES, COUNT_OF(SIZES));
    assert_done(read_sequentially(path, &first, &manifest, &error), &error);
    assert_int_equal(first.count, COUNT_OF(SIZES));
    assert_in_range(first.most, 150 * MEBIBYTE, 150 * MEBIBYTE + 100);
    assert_done(parallel_read_dump(path, &manifest, &VISITOR, &again, &error), &error);
    assert_int_equal(again.count, COUNT_OF(SIZES));
    assert_in_range(again.most, 150 * MEBIBYTE, 150 * MEBIBYTE + 100);
    dump_manifest_free(&manifest);
}

/* While the first chunk is found to be damaged, the second one waits for its turn, and the third
 * one for the memory that the second one has. */
static void test_damage_in_a_large_chunk_ends_those_that_wait(void **state)
{
    static const size_t SIZES[] = {120 * MEBIBYTE, 60 * MEBIBYTE, 220 * MEBIBYTE, 5 * MEBIBYTE};
    const char *path = folder_path(state, "dump");
    Visits visits = no_visits();
    DumpManifest manifest = {0};
    Buffer file = {0};
    Error error = {0};
    Frames frames;
    Slice chunk;

    write_zeros(path, SIZES, COUNT_OF(SIZES));
    file_read(path, &file);
    frames = split_frames(buffer_slice(&file));
    /* Behind the header, the COPY header and the chunk's announcement. */
    chunk = frames.items[4];
    file.data[(size_t)(chunk.data - file.data) + chunk.size - 1] ^= 1;
    file_write(path, buffer_slice(&file));
    assert_refused(read_sequentially(path, &visits, &manifest, &error), &error, EXIT_CODE_DUMP);
    assert_contains(error.message, "cannot be decompressed");
    assert_contains(error.detail, "checksum");
    dump_manifest_free(&manifest);
    buffer_free(&file);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_large_chunks_are_in_memory_one_at_a_time),
        IN_FOLDER(test_damage_in_a_large_chunk_ends_those_that_wait),
    };

    return cmocka_run_group_tests_name("sequential_read", tests, NULL, NULL);
}
