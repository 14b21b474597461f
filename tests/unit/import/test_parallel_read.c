/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump read from several places in parallel: everything, once, and checked against its manifest.
 */
#include "tests/unit/dump_support.h"

#include "common/kv/entry.h"
#include "import/parallel_read.h"

#include <pthread.h>

enum { SAMPLE_ENTRIES = 7 };

typedef struct Seen {
    pthread_mutex_t mutex;
    pthread_cond_t all_there;
    size_t workers;
    size_t expected_workers; /* each waits once for this many; 0: none waits */
    size_t ended;
    size_t complete;
    size_t counts[SAMPLE_ENTRIES]; /* how often an entry of the sample was seen */
    bool miscounted;
    bool fail;
} Seen;

static bool begin(void *state, void **worker, Error *error)
{
    (void)error;
    *worker = state;
    return true;
}

static void count_entry(Seen *seen, const Entry *entry)
{
    size_t count;
    const SampleEntry *entries = sample_entries(&count);

    for (size_t i = 0; i < count; i++) {
        if (slice_equal(entries[i].partition_key, entry->partition_key) &&
            slice_equal(entries[i].key, entry->key) &&
            slice_equal(entries[i].value, entry->value)) {
            seen->counts[i]++;
        }
    }
}

static bool visit(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Seen *seen = state;
    const char *problem;
    Entry entry;
    uint64_t found = 0;
    bool fail;

    (void)worker;
    pthread_mutex_lock(&seen->mutex);
    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        count_entry(seen, &entry);
        found++;
    }
    seen->miscounted |= found != entries;
    seen->workers++;
    pthread_cond_broadcast(&seen->all_there);
    while (seen->workers < seen->expected_workers) {
        pthread_cond_wait(&seen->all_there, &seen->mutex);
    }
    fail = seen->fail;
    pthread_mutex_unlock(&seen->mutex);
    return !fail || error_set(error, EXIT_CODE_FAILED, "no more of it");
}

static bool end(void *state, void *worker, bool complete, Error *error)
{
    Seen *seen = state;

    (void)worker;
    (void)error;
    pthread_mutex_lock(&seen->mutex);
    seen->ended++;
    seen->complete += complete;
    pthread_mutex_unlock(&seen->mutex);
    return true;
}

static const DumpVisitor VISITOR = {begin, visit, end};

static Seen none_seen(void)
{
    return (Seen){.mutex = PTHREAD_MUTEX_INITIALIZER, .all_there = PTHREAD_COND_INITIALIZER};
}

/* Makes the sample's file, and reads its manifest. */
static const char *make_file(void *const *state, DumpManifest *manifest)
{
    const char *path = folder_path(state, "sample.dump");
    DumpReader *reader;
    Error error = {0};
    bool found;

    write_sample(path);
    assert_done(dump_reader_open(path, &reader, &error), &error);
    assert_done(dump_reader_peek_manifest(reader, &found, manifest, &error), &error);
    assert_true(found);
    dump_reader_free(reader);
    return path;
}

static void test_all_is_seen_once_by_workers_that_are_all_at_work(void **state)
{
    DumpManifest manifest;
    const char *path = make_file(state, &manifest);
    Seen seen = none_seen();
    Error error = {0};

    /* As many as chunks: each gets one, otherwise the others would wait forever. */
    seen.expected_workers = SAMPLE_CHUNKS;
    assert_done(parallel_read_dump(path, &manifest, &VISITOR, &seen, &error), &error);
    for (size_t i = 0; i < SAMPLE_ENTRIES; i++) {
        assert_int_equal(seen.counts[i], 1);
    }
    assert_false(seen.miscounted);
    assert_int_equal(seen.ended, SAMPLE_CHUNKS);
    assert_int_equal(seen.complete, SAMPLE_CHUNKS);
    dump_manifest_free(&manifest);
}

static void test_another_dump_than_before_is_noticed(void **state)
{
    DumpManifest manifest;
    const char *path = make_file(state, &manifest);
    Seen seen = none_seen();
    Error error = {0};

    /* As many entries, but different ones. */
    manifest.packages[1].totals.set_digest = manifest.packages[0].totals.set_digest;
    assert_refused(parallel_read_dump(path, &manifest, &VISITOR, &seen, &error), &error,
                   EXIT_CODE_DUMP);
    assert_contains(error.message, "graveler");
    dump_manifest_free(&manifest);
}

static void test_a_failure_ends_it(void **state)
{
    DumpManifest manifest;
    const char *path = make_file(state, &manifest);
    Seen seen = none_seen();
    Error error = {0};

    seen.fail = true;
    assert_refused(parallel_read_dump(path, &manifest, &VISITOR, &seen, &error), &error,
                   EXIT_CODE_FAILED);
    assert_string_equal(error.message, "no more of it");
    assert_int_equal(seen.ended, SAMPLE_CHUNKS);
    dump_manifest_free(&manifest);
}

static void test_chunks_are_chosen_by_number(void **state)
{
    DumpManifest manifest;
    const char *path = make_file(state, &manifest);
    DumpReader *reader;
    DumpChunk chunk = {0};
    Error error = {0};
    bool end;

    assert_done(dump_reader_open(path, &reader, &error), &error);
    dump_reader_choose_chunks(reader, 1, 2);
    assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
    assert_false(end);
    assert_int_equal(chunk.index, 1);
    assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
    assert_false(end);
    assert_int_equal(chunk.index, 2);
    assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
    assert_true(end);
    dump_chunk_free(&chunk);
    dump_reader_free(reader);
    dump_manifest_free(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_is_seen_once_by_workers_that_are_all_at_work,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_another_dump_than_before_is_noticed, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(test_a_failure_ends_it, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_chunks_are_chosen_by_number, folder_setup,
                                        folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
