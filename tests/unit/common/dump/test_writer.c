/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing dumps: how entries are put into chunks, by one thread or several, and what is left after
 * a failure.
 */
#include "tests/unit/dump_support.h"

#include <pthread.h>
#include <stdatomic.h>

#include "common/base/digest.h"

static void test_large_entry_gets_a_chunk_of_its_own(void **state)
{
    static const struct {
        uint64_t entries;
        uint64_t size;
    } CHUNKS[] = {{2, 2 * 16}, {1, 14 + 1 + DUMP_CHUNK_SIZE}, {1, 16}};
    const char *path = folder_path(state, "large");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    uint8_t *value = malloc(DUMP_CHUNK_SIZE);
    DumpChunk chunk = {0};
    ChunkWriter *chunks;
    DumpManifest manifest;
    DumpReader *reader;
    Error error = {0};
    bool end = false;

    assert_non_null(value);
    for (size_t i = 0; i < DUMP_CHUNK_SIZE; i++) {
        value[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 1, &error), &error);
    add_entry(chunks, BYTES("p"), BYTES("a"), BYTES(""));
    add_entry(chunks, BYTES("p"), BYTES("b"), BYTES(""));
    add_entry(chunks, BYTES("p"), BYTES(""), slice_of(value, DUMP_CHUNK_SIZE));
    add_entry(chunks, BYTES("p"), BYTES("d"), BYTES(""));
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
    free(value);

    assert_done(read_dump(path, NULL, &error), &error);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    for (size_t i = 0; i < COUNT_OF(CHUNKS); i++) {
        assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
        assert_false(end);
        assert_int_equal(chunk.entries, CHUNKS[i].entries);
        assert_int_equal(chunk.size, CHUNKS[i].size);
    }
    assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
    assert_true(end);
    dump_chunk_free(&chunk);
    dump_reader_free(reader);
}

static void test_chunks_of_several_entries_keep_to_their_size(void **state)
{
    enum { ENTRIES = 3000, VALUE_SIZE = 3000 };
    const char *path = folder_path(state, "many");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    uint8_t value[VALUE_SIZE] = {0};
    DumpChunk chunk = {0};
    ChunkWriter *chunks;
    DumpManifest manifest;
    DumpReader *reader;
    Error error = {0};
    uint64_t entries = 0;
    bool end = false;

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        uint8_t key[4];

        store_be32(key, i);
        add_entry(chunks, BYTES("p"), slice_of(key, sizeof key), slice_of(value, sizeof value));
    }
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    assert_int_equal(manifest.packages[0].totals.entries, ENTRIES);
    assert_true(manifest.packages[0].totals.chunks >= 3);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);

    assert_done(read_dump(path, NULL, &error), &error);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    while (!end) {
        assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
        assert_true(end || chunk.size <= DUMP_CHUNK_SIZE);
        entries += end ? 0 : chunk.entries;
    }
    assert_int_equal(entries, ENTRIES);
    dump_chunk_free(&chunk);
    dump_reader_free(reader);
}

static void test_entry_that_no_dump_can_hold_is_an_error(void **state)
{
    static const size_t SIZES[] = {DUMP_CHUNK_MAX_SIZE, INT32_MAX, UINT32_MAX, SIZE_MAX};
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(folder_path(state, "dump"), &header);
    ChunkWriter *chunks;
    Error error = {0};
    uint8_t *value;

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        assert_refused(chunk_writer_add(chunks, BYTES("p"), BYTES("k"), SIZES[i], &value, &error),
                       &error, EXIT_CODE_FAILED);
    }
    chunk_writer_free(chunks);
    dump_writer_free(writer);
}

enum { THREADS = SAMPLE_WORKERS, UNITS = 200, ENTRIES_OF_A_UNIT = 10 };

typedef struct WritingThread {
    DumpWriter *writer;
    uint32_t number;
    uint32_t count; /* of threads */
    bool done;
    atomic_uint added; /* entries */
    atomic_bool ended;
} WritingThread;

/* Writes every count-th unit: the first half of them to one package, the others to another. */
static void *write_units(void *argument)
{
    WritingThread *thread = argument;
    ChunkWriter *chunks;
    Error error = {0};
    bool done = chunk_writer_new(thread->writer, &chunks, &error);

    for (uint32_t unit = thread->number; done && unit < UNITS; unit += thread->count) {
        done = chunk_writer_begin(chunks, unit, unit < UNITS / 2 ? 0 : 1, &error);
        for (uint32_t i = 0; done && i < ENTRIES_OF_A_UNIT; i++) {
            uint8_t key[4];
            uint8_t *value;

            store_be32(key, unit << 16 | i);
            done =
                chunk_writer_add(chunks, BYTES("p"), slice_of(key, sizeof key), 1, &value, &error);
            if (done) {
                *value = (uint8_t)i;
            }
        }
        done = done && chunk_writer_end(chunks, &error);
    }
    chunk_writer_free(chunks);
    thread->done = done;
    return NULL;
}

/* Writes all units with this many threads; the manifest is the caller's to free. */
static void write_with_threads(const char *path, uint32_t count, DumpManifest *manifest)
{
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    WritingThread threads[THREADS];
    pthread_t ids[THREADS];
    Error error = {0};

    for (uint32_t i = 0; i < count; i++) {
        threads[i] = (WritingThread){.writer = writer, .number = i, .count = count};
        assert_int_equal(pthread_create(&ids[i], NULL, write_units, &threads[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(ids[i], NULL);
        assert_true(threads[i].done);
    }
    sample_manifest(manifest);
    assert_done(dump_writer_finish(writer, manifest, &error), &error);
    dump_writer_free(writer);
}

static void test_several_threads_may_write_chunks(void **state)
{
    const char *path = folder_path(state, "threads");
    SetDigest expected[2] = {0};
    DumpManifest manifest;
    Error error = {0};

    for (uint32_t unit = 0; unit < UNITS; unit++) {
        for (uint32_t i = 0; i < ENTRIES_OF_A_UNIT; i++) {
            uint8_t key[4];
            uint8_t value = (uint8_t)i;
            Buffer tuple = {0};

            store_be32(key, unit << 16 | i);
            append_tuple(&tuple, BYTES("p"), slice_of(key, sizeof key), slice_of(&value, 1));
            set_digest_add_tuple(&expected[unit < UNITS / 2 ? 0 : 1], buffer_slice(&tuple));
            buffer_free(&tuple);
        }
    }
    write_with_threads(path, THREADS, &manifest);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(manifest.packages[i].totals.entries, UNITS * ENTRIES_OF_A_UNIT / 2);
        assert_true(set_digest_equal(manifest.packages[i].totals.set_digest, expected[i]));
    }
    dump_manifest_free(&manifest);
    assert_done(read_dump(path, NULL, &error), &error);
}

static void test_file_does_not_depend_on_how_many_threads_write_it(void **state)
{
    const char *paths[2] = {folder_path(state, "one"), folder_path(state, "four")};
    Buffer files[2] = {0};
    DumpManifest manifest;

    for (int attempt = 0; attempt < 5; attempt++) {
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
            write_with_threads(paths[i], i == 0 ? 1 : THREADS, &manifest);
            dump_manifest_free(&manifest);
            files[i].size = 0;
            file_read(paths[i], &files[i]);
        }
        assert_true(slice_equal(buffer_slice(&files[0]), buffer_slice(&files[1])));
    }
    buffer_free(&files[0]);
    buffer_free(&files[1]);
}

/* Writes a unit of one entry, whose key is the unit's number. */
static void write_unit(DumpWriter *writer, uint32_t unit)
{
    ChunkWriter *chunks;
    Error error = {0};
    uint8_t key[4];

    store_be32(key, unit);
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, unit, 0, &error), &error);
    add_entry(chunks, BYTES("p"), slice_of(key, sizeof key), BYTES("v"));
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
}

/* Units completed early wait for their turn, but their workers do not. */
static void test_chunks_stand_in_the_order_of_units(void **state)
{
    static const uint32_t ORDERS[][5] = {
        {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 0, 4, 2, 3}, {2, 4, 0, 3, 1}, {3, 1, 4, 2, 0}};
    const char *path = folder_path(state, "dump");
    Buffer expected = {0};
    Buffer tuples = {0};
    Error error = {0};

    for (uint32_t unit = 0; unit < 5; unit++) {
        uint8_t key[4];

        store_be32(key, unit);
        append_tuple(&expected, BYTES("p"), slice_of(key, sizeof key), BYTES("v"));
    }
    for (size_t i = 0; i < COUNT_OF(ORDERS); i++) {
        DumpHeader header = sample_header();
        DumpWriter *writer = new_writer(path, &header);
        DumpManifest manifest;

        for (size_t j = 0; j < COUNT_OF(ORDERS[i]); j++) {
            write_unit(writer, ORDERS[i][j]);
        }
        sample_manifest(&manifest);
        assert_done(dump_writer_finish(writer, &manifest, &error), &error);
        assert_int_equal(manifest.packages[0].totals.entries, 5);
        dump_manifest_free(&manifest);
        dump_writer_free(writer);
        tuples.size = 0;
        assert_done(read_dump(path, &tuples, &error), &error);
        assert_slice_equal(buffer_slice(&tuples), buffer_slice(&expected));
    }
    buffer_free(&expected);
    buffer_free(&tuples);
}

static void test_units_may_be_empty(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    ChunkWriter *chunks;
    DumpManifest manifest;
    Error error = {0};

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    for (size_t unit = 0; unit < 30; unit++) {
        assert_done(chunk_writer_begin(chunks, unit, 0, &error), &error);
        if (unit % 10 == 5) {
            add_entry(chunks, BYTES("p"), BYTES("k"), BYTES("v"));
        }
        assert_done(chunk_writer_end(chunks, &error), &error);
    }
    chunk_writer_free(chunks);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    assert_int_equal(manifest.packages[0].totals.entries, 3);
    assert_int_equal(manifest.packages[0].totals.chunks, 3);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
    assert_done(read_dump(path, NULL, &error), &error);
}

/* Entries of alternating packages: each package's go to chunks of its own. */
static void test_a_unit_may_hold_entries_of_several_packages(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    ChunkWriter *chunks;
    DumpManifest manifest;
    Buffer expected = {0};
    Buffer tuples = {0};
    Error error = {0};

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    for (uint32_t i = 0; i < 9; i++) {
        uint8_t key[4];

        store_be32(key, i);
        chunk_writer_set_package(chunks, i % 3);
        add_entry(chunks, BYTES("p"), slice_of(key, sizeof key), BYTES("v"));
    }
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
    for (uint32_t package = 0; package < 3; package++) {
        for (uint32_t i = package; i < 9; i += 3) {
            uint8_t key[4];

            store_be32(key, i);
            append_tuple(&expected, BYTES("p"), slice_of(key, sizeof key), BYTES("v"));
        }
    }
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    for (size_t package = 0; package < 3; package++) {
        assert_int_equal(manifest.packages[package].totals.entries, 3);
        assert_int_equal(manifest.packages[package].totals.chunks, 1);
    }
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
    assert_done(read_dump(path, &tuples, &error), &error);
    assert_slice_equal(buffer_slice(&tuples), buffer_slice(&expected));
    buffer_free(&expected);
    buffer_free(&tuples);
}

/* Whoever fills a header takes its values from a database and from options. */
static void test_header_that_a_reader_would_refuse_is_not_written(void **state)
{
    const char *path = folder_path(state, "dump");
    char name[257] = {0};
    DumpHeader header = sample_header();
    DumpOutput *output;
    DumpWriter *writer;
    Error error = {0};

    memset(name, 'n', sizeof name - 1);
    header.source.database = name;
    assert_done(dump_output_open(path, false, &output, &error), &error);
    assert_refused(dump_writer_new(output, &header, 1, &writer, &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, "\"database\" is not a name");
    assert_null(writer);
    assert_int_equal(access(folder_path(state, "dump.partial"), F_OK), -1);
}

/* Its memory is bounded: nothing waits for the end of a large unit. */
static void test_worker_whose_turn_it_is_writes_as_it_goes(void **state)
{
    enum { VALUE_SIZE = 3 * 1024 * 1024 };
    const char *partial = folder_path(state, "dump.partial");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(folder_path(state, "dump"), &header);
    ChunkWriter *chunks;
    struct stat status;
    Error error = {0};
    off_t size;

    assert_int_equal(stat(partial, &status), 0);
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t *value;

        size = status.st_size;
        assert_done(
            chunk_writer_add(chunks, BYTES("p"), slice_of(&i, 1), VALUE_SIZE, &value, &error),
            &error);
        memset(value, i, VALUE_SIZE);
        assert_int_equal(stat(partial, &status), 0);
        /* Two of them do not fit into a chunk. */
        assert_true(i == 0 ? status.st_size == size : status.st_size > size);
    }
    chunk_writer_free(chunks);
    dump_writer_free(writer);
}

enum { AHEAD_ENTRIES = 45, AHEAD_SIZE = 1024 * 1024 };

/* Writes as unit 1 more than a worker may keep while waiting for its turn. */
static void *write_much_ahead(void *argument)
{
    WritingThread *thread = argument;
    ChunkWriter *chunks;
    Error error = {0};
    bool done = chunk_writer_new(thread->writer, &chunks, &error) &&
                chunk_writer_begin(chunks, 1, 1, &error);

    for (uint8_t i = 0; done && i < AHEAD_ENTRIES; i++) {
        uint8_t *value;

        done = chunk_writer_add(chunks, BYTES("p"), slice_of(&i, 1), AHEAD_SIZE, &value, &error);
        if (done) {
            memset(value, i, AHEAD_SIZE);
            atomic_fetch_add(&thread->added, 1);
        }
    }
    thread->done = done && chunk_writer_end(chunks, &error);
    atomic_store(&thread->ended, true);
    chunk_writer_free(chunks);
    return NULL;
}

/* Waits until the thread has begun and then adds nothing for a while. */
static void await_standstill(WritingThread *thread)
{
    unsigned before;

    do {
        before = atomic_load(&thread->added);
        usleep(100 * 1000);
    } while (before == 0 || atomic_load(&thread->added) != before);
}

static void test_worker_far_ahead_waits_and_goes_on_when_its_turn_comes(void **state)
{
    const char *path = folder_path(state, "dump");
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(path, &header);
    WritingThread thread = {.writer = writer};
    DumpManifest manifest;
    Error error = {0};
    pthread_t id;

    assert_int_equal(pthread_create(&id, NULL, write_much_ahead, &thread), 0);
    await_standstill(&thread);
    /* Its memory is bounded: it cannot finish before its turn. */
    assert_false(atomic_load(&thread.ended));
    write_unit(writer, 0);
    pthread_join(id, NULL);
    assert_true(thread.done);
    sample_manifest(&manifest);
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    assert_int_equal(manifest.packages[0].totals.entries, 1);
    assert_int_equal(manifest.packages[1].totals.entries, AHEAD_ENTRIES);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
    assert_done(read_dump(path, NULL, &error), &error);
}

static void test_worker_far_ahead_is_stopped(void **state)
{
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(folder_path(state, "dump"), &header);
    WritingThread thread = {.writer = writer, .done = true};
    pthread_t id;

    assert_int_equal(pthread_create(&id, NULL, write_much_ahead, &thread), 0);
    await_standstill(&thread);
    dump_writer_stop(writer);
    pthread_join(id, NULL);
    assert_false(thread.done);
    dump_writer_free(writer);
    assert_false(file_exists(folder_path(state, "dump")));
}

/* If a worker fails the others must not wait forever for their turn. */
static void *begin_far_ahead(void *argument)
{
    WritingThread *thread = argument;
    ChunkWriter *chunks;
    Error error = {0};

    if (chunk_writer_new(thread->writer, &chunks, &error)) {
        thread->done = chunk_writer_begin(chunks, UNITS, 0, &error);
        chunk_writer_free(chunks);
    }
    return NULL;
}

static void test_waiting_callers_are_stopped(void **state)
{
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(folder_path(state, "dump"), &header);
    WritingThread thread = {.writer = writer, .done = true};
    pthread_t id;

    assert_int_equal(pthread_create(&id, NULL, begin_far_ahead, &thread), 0);
    dump_writer_stop(writer);
    pthread_join(id, NULL);
    assert_false(thread.done);
    dump_writer_free(writer);
}

static void test_unfinished_dump_leaves_nothing(void **state)
{
    DumpHeader header = sample_header();
    DumpWriter *writer = new_writer(folder_path(state, "dump"), &header);
    ChunkWriter *chunks;
    Error error = {0};

    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    assert_done(chunk_writer_begin(chunks, 0, 0, &error), &error);
    add_entry(chunks, BYTES("p"), BYTES("k"), BYTES("v"));
    assert_done(chunk_writer_end(chunks, &error), &error);
    chunk_writer_free(chunks);
    assert_true(file_exists(folder_path(state, "dump.partial")));
    dump_writer_free(writer);
    assert_false(file_exists(folder_path(state, "dump.partial")));
    assert_false(file_exists(folder_path(state, "dump")));
    dump_writer_free(NULL);
    chunk_writer_free(NULL);
}

static void test_output_that_takes_nothing_is_an_error(void **state)
{
    DumpHeader header = sample_header();
    DumpOutput *output;
    DumpWriter *writer;
    Error error = {0};

    (void)state;
    assert_done(dump_output_open("/dev/full", false, &output, &error), &error);
    assert_refused(dump_writer_new(output, &header, 1, &writer, &error), &error, EXIT_CODE_FAILED);
    assert_null(writer);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_large_entry_gets_a_chunk_of_its_own),
        IN_FOLDER(test_chunks_of_several_entries_keep_to_their_size),
        IN_FOLDER(test_entry_that_no_dump_can_hold_is_an_error),
        IN_FOLDER(test_several_threads_may_write_chunks),
        IN_FOLDER(test_file_does_not_depend_on_how_many_threads_write_it),
        IN_FOLDER(test_chunks_stand_in_the_order_of_units),
        IN_FOLDER(test_units_may_be_empty),
        IN_FOLDER(test_a_unit_may_hold_entries_of_several_packages),
        IN_FOLDER(test_header_that_a_reader_would_refuse_is_not_written),
        IN_FOLDER(test_worker_whose_turn_it_is_writes_as_it_goes),
        IN_FOLDER(test_worker_far_ahead_waits_and_goes_on_when_its_turn_comes),
        IN_FOLDER(test_worker_far_ahead_is_stopped),
        IN_FOLDER(test_waiting_callers_are_stopped),
        IN_FOLDER(test_unfinished_dump_leaves_nothing),
        IN_FOLDER(test_output_that_takes_nothing_is_an_error),
    };

    return cmocka_run_group_tests_name("dump writer", tests, NULL, NULL);
}
