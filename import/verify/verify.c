/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/verify.h"

#include "common/base/buffer.h"
#include "common/base/json_quote.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/pg/connection.h"
#include "common/store/store.h"
#include "import/sequential_read.h"
#include "import/verify/differences.h"
#include "import/verify/entry_sums.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Limits: entries of both stores kept to find differences, and differences shown. */
enum { MAX_ENTRIES_COMPARED = 200000, MAX_DIFFERENCES_SHOWN = 20 };

typedef struct Verification {
    ImportOptions *options;
    const StoreDriver *driver;
    StoreOptions store_options;
    Store *store;
    EntrySums *dump_sums;
    EntrySums *store_sums;
    bool *chosen; /* buckets whose entries are compared; owned */
    bool all_chosen;
    Differences *differences;
    SetDigest first_digests[DUMP_MAX_PACKAGES]; /* by package, from the first reading */
    pthread_mutex_t mutex; /* guards the sums and differences while workers run */
} Verification;

/* A worker: it has its own sums, and adds them to the shared ones at the end. */
typedef struct SumWorker {
    Verification *verification;
    EntrySums *sums;
    EntrySums *total;
} SumWorker;

static bool begin_sums(Verification *verification, EntrySums *total, void **worker, Error *error)
{
    SumWorker *w = calloc(1, sizeof *w);

    *worker = w;
    if (w == NULL) {
        return error_out_of_memory(error);
    }
    w->verification = verification;
    w->total = total;
    w->sums = entry_sums_new(error);
    return w->sums != NULL;
}

static bool end_sums(void *worker, bool complete, Error *error)
{
    SumWorker *w = worker;

    (void)error;
    if (w == NULL) {
        return true;
    }
    if (complete) {
        pthread_mutex_lock(&w->verification->mutex);
        entry_sums_merge(w->total, w->sums);
        pthread_mutex_unlock(&w->verification->mutex);
    }
    free(w->sums);
    free(w);
    return true;
}

static bool begin_dump_sums(void *state, void **worker, Error *error)
{
    Verification *verification = state;

    return begin_sums(verification, verification->dump_sums, worker, error);
}

static bool end_dump_sums(void *state, void *worker, bool complete, Error *error)
{
    (void)state;
    return end_sums(worker, complete, error);
}

static bool begin_store_sums(void *state, void **worker, Error *error)
{
    Verification *verification = state;

    return begin_sums(verification, verification->store_sums, worker, error);
}

/* Calls `function` for each entry of a chunk of complete tuples. */
static bool for_each_entry(Slice tuples, void *state,
                           bool (*function)(void *state, const Entry *entry, Slice tuple,
                                            Error *error),
                           Error *error)
{
    const char *problem;
    Slice tuple;
    Entry entry;

    while (tuples.size > 0) {
        if (!entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
            return error_set(error, EXIT_CODE_DUMP, "%s", problem);
        }
        if (!function(state, &entry, tuple, error)) {
            return false;
        }
    }
    return true;
}

static bool sum_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    SumWorker *w = worker;

    (void)error;
    entry_sums_add(w->sums, entry, tuple);
    return true;
}

static bool sum_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    (void)state;
    (void)entries;
    return for_each_entry(tuples, worker, sum_entry, error);
}

/* Reads the whole dump, with all of its checks.  The caller frees the manifest, even after a
 * failure.
 */
static bool read_dump(Verification *verification, const char *path, const char *phase,
                      const DumpVisitor *visitor, DumpManifest *manifest, Error *error)
{
    DumpReader *reader = NULL;
    bool done;

    *manifest = (DumpManifest){0};
    if (!dump_reader_open(path, &reader, error)) {
        return false;
    }
    progress_begin(phase, dump_reader_header(reader)->estimated_entries);
    done = sequential_read_dump(reader, (size_t)verification->options->store.jobs, visitor,
                                verification, manifest, error);
    if (done) {
        progress_end();
    }
    dump_reader_free(reader);
    return done;
}

static bool read_dump_first(Verification *verification, const DumpVisitor *visitor, Error *error)
{
    DumpManifest manifest;
    bool done =
        read_dump(verification, verification->options->file, "dump", visitor, &manifest, error);

    for (size_t i = 0; i < manifest.package_count; i++) {
        verification->first_digests[i] = manifest.packages[i].totals.set_digest;
    }
    dump_manifest_free(&manifest);
    return done;
}

/* Asks the program that provides the second dump for it.  If that has gone, reading the dump will
 * show it. */
static void request_second_dump(const ImportOptions *options)
{
    if (options->second_reading_wanted > 0) {
        (void)!write(options->second_reading_wanted, "\n", 1);
        close(options->second_reading_wanted);
    }
}

/* The second dump must have the same contents as the first. */
static bool read_dump_again(Verification *verification, const DumpVisitor *visitor, Error *error)
{
    const ImportOptions *options = verification->options;
    DumpManifest manifest;
    bool done;

    request_second_dump(options);
    done = read_dump(verification,
                     options->second_reading == NULL ? options->file : options->second_reading,
                     "differences: dump", visitor, &manifest, error);

    for (size_t i = 0; done && i < manifest.package_count; i++) {
        done = set_digest_equal(verification->first_digests[i],
                                manifest.packages[i].totals.set_digest) ||
               error_set(error, EXIT_CODE_FAILED,
                         "the dump changed before it was read again: cannot tell which entries "
                         "differ");
    }
    dump_manifest_free(&manifest);
    return done;
}

static bool read_store(Verification *verification, const char *phase, const EntryVisitor *visitor,
                       Error *error)
{
    progress_begin(phase, entry_sums_entries(verification->dump_sums));
    if (!verification->driver->read(verification->store, visitor, verification, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool compute_sums(Verification *verification, Error *error)
{
    static const DumpVisitor DUMP = {begin_dump_sums, sum_chunk, end_dump_sums};
    static const EntryVisitor STORE = {
        .begin = begin_store_sums, .visit = sum_entry, .end = end_sums};

    return read_dump_first(verification, &DUMP, error) &&
           read_store(verification, "store", &STORE, error);
}

/* Chooses buckets that differ, within the limit of entries to keep; false if none differs. */
static bool choose_buckets(Verification *verification)
{
    uint64_t entries = 0;
    bool any = false;

    verification->all_chosen = true;
    for (size_t i = 0; i < ENTRY_BUCKETS; i++) {
        if (entry_sums_equal(verification->dump_sums, verification->store_sums, i)) {
            continue;
        }
        entries += verification->dump_sums->buckets[i].entries +
                   verification->store_sums->buckets[i].entries;
        verification->chosen[i] = !any || entries <= MAX_ENTRIES_COMPARED;
        verification->all_chosen = verification->all_chosen && verification->chosen[i];
        any = true;
    }
    return any;
}

static bool begin_find(void *state, void **worker, Error *error)
{
    (void)error;
    *worker = state;
    return true;
}

static bool end_find(void *worker, bool complete, Error *error)
{
    (void)worker;
    (void)complete;
    (void)error;
    return true;
}

/* Passes an entry of a chosen bucket to `function`. */
static bool visit_chosen(Verification *verification, const Entry *entry,
                         bool (*function)(Differences *, const Entry *, Error *), Error *error)
{
    bool done;

    if (!verification->chosen[entry_bucket(entry)]) {
        return true;
    }
    pthread_mutex_lock(&verification->mutex);
    done = function(verification->differences, entry, error);
    pthread_mutex_unlock(&verification->mutex);
    return done;
}

static bool add_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    (void)tuple;
    return visit_chosen(worker, entry, differences_add, error);
}

static bool add_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    (void)worker;
    (void)entries;
    return for_each_entry(tuples, state, add_entry, error);
}

static bool compare_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    (void)tuple;
    return visit_chosen(worker, entry, differences_compare, error);
}

static bool find_differences(Verification *verification, Error *error)
{
    static const DumpVisitor DUMP = {.visit = add_chunk};
    static const EntryVisitor STORE = {
        .begin = begin_find, .visit = compare_entry, .end = end_find};

    return differences_new(&verification->differences, error) &&
           read_dump_again(verification, &DUMP, error) &&
           read_store(verification, "differences: store", &STORE, error);
}

static bool print_difference(const Difference *difference, Error *error)
{
    static const char *const NAMES[DIFFERENCE_KINDS] = {"missing", "extra", "value"};
    Buffer line = {0};
    bool done =
        buffer_append_format(&line, error,
                             "{\"difference\":\"%s\",\"partition\":", NAMES[difference->kind]) &&
        json_quote_bytes(&line, difference->partition_key, error) &&
        buffer_append_text(&line, ",\"key\":", error) &&
        json_quote_bytes(&line, difference->key, error) &&
        buffer_append_text(&line, "}\n", error) && output_text(buffer_slice(&line), error);

    buffer_free(&line);
    return done;
}

/* Prints the differences and sets an error. */
static bool report_differences(Verification *verification, Error *error)
{
    uint64_t counts[DIFFERENCE_KINDS];
    const Difference *list;
    uint64_t missing;
    uint64_t different;
    uint64_t extra;
    size_t size;

    if (!differences_finish(verification->differences, counts, &list, &size, error)) {
        return false;
    }
    for (size_t i = 0; i < size && i < MAX_DIFFERENCES_SHOWN; i++) {
        if (!print_difference(&list[i], error)) {
            return false;
        }
    }
    if (!output_flush(error)) {
        return false;
    }
    missing = counts[DIFFERENCE_MISSING];
    different = counts[DIFFERENCE_VALUE];
    extra = counts[DIFFERENCE_EXTRA];
    error_set(error, EXIT_CODE_FAILED, "the KV store differs from the dump");
    return error_detail(error,
                        "%s%" PRIu64 " %s missing, %" PRIu64 " %s, %" PRIu64
                        " %s extra (compared with the dump).",
                        verification->all_chosen ? "" : "At least ", missing,
                        missing == 1 ? "entry is" : "entries are", different,
                        different == 1 ? "differs" : "differ", extra, extra == 1 ? "is" : "are");
}

static bool is_standard_input(const char *file)
{
    return file == NULL || strcmp(file, "-") == 0;
}

static bool compare_with_store(Verification *verification, Error *error)
{
    uint64_t entries;

    if (!compute_sums(verification, error)) {
        return false;
    }
    if (!choose_buckets(verification)) {
        progress_stop();
        entries = entry_sums_entries(verification->dump_sums);
        output_line("equal: %" PRIu64 " %s", entries, entries == 1 ? "entry" : "entries");
        return output_flush(error);
    }
    if (is_standard_input(verification->options->file) &&
        verification->options->second_reading == NULL) {
        error_set(error, EXIT_CODE_FAILED, "the KV store differs from the dump");
        error_detail(error, "The dump holds %" PRIu64 " entries, the store %" PRIu64 ".",
                     entry_sums_entries(verification->dump_sums),
                     entry_sums_entries(verification->store_sums));
        return error_hint(error,
                          "To see which entries differ, pass the dump as a file, or a second "
                          "pipe with --second-reading.");
    }
    return find_differences(verification, error) && report_differences(verification, error);
}

static bool open_store(Verification *verification, Error *error)
{
    ImportOptions *options = verification->options;
    uint64_t version = 0;

    verification->store_options = import_options_store(options);
    if (!verification->driver->open(&verification->store_options, &verification->store, &version,
                                    error)) {
        return false;
    }
    if (version == 0) {
        error_set(error, EXIT_CODE_REFUSED, "the KV store is incomplete: it is at version 0");
        return error_hint(error, "Load the dump first: run kv-import without --verify.");
    }
    return true;
}

bool verify_store(ImportOptions *options, Error *error)
{
    Verification verification = {.options = options, .driver = store_find(options->target)};
    bool done;

    pthread_mutex_init(&verification.mutex, NULL);
    verification.dump_sums = entry_sums_new(error);
    verification.store_sums = verification.dump_sums == NULL ? NULL : entry_sums_new(error);
    verification.chosen = calloc(ENTRY_BUCKETS, sizeof *verification.chosen);
    if (verification.chosen == NULL) {
        error_out_of_memory(error);
    }
    done = verification.store_sums != NULL && verification.chosen != NULL &&
           signals_start(verification.driver->cancel, error) && open_store(&verification, error) &&
           progress_init(options->common.progress, error) &&
           compare_with_store(&verification, error);
    progress_stop();
    verification.driver->close(verification.store);
    differences_free(verification.differences);
    free(verification.chosen);
    free(verification.dump_sums);
    free(verification.store_sums);
    pthread_mutex_destroy(&verification.mutex);
    return done;
}
