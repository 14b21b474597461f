/* SPDX-License-Identifier: Apache-2.0 */
#include "import/verify/verify.h"

#include "common/base/buffer.h"
#include "common/base/json_quote.h"
#include "common/base/quantity.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/kv/model.h"
#include "common/pg/connection.h"
#include "common/store/store.h"
#include "import/diff/bucket_sums.h"
#include "import/diff/json_line.h"
#include "import/diff/sorter.h"
#include "import/dump_check.h"
#include "import/sequential_read.h"
#include "import/spool.h"
#include "import/verify/entry_digest.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How many differences are shown; and for how many entries there are buckets. */
enum { MAX_DIFFERENCES_SHOWN = 20, MANY_ENTRIES = 1 << 24 };

/* Where the dump and the store differ, both are read again. */
static const ProgressPhase PHASES[] = {
    {"dump", 1}, {"store", 2}, {"differences: dump", 1}, {"differences: store", 2}};
enum { PHASES_IF_EQUAL = 2, PHASES_IF_DIFFERENT = 4 };

/* The old side is the dump, the new one the store. */
typedef struct Verification {
    const ImportOptions *options;
    const StoreDriver *driver;
    StoreOptions store_options;
    Store *store;
    BucketSums *sums;
    atomic_uint_fast64_t dump_entries;
    atomic_uint_fast64_t store_entries;
    Sorter *sorter;
    SetDigest first_digests[DUMP_MAX_PACKAGES]; /* by package, from the first reading */
    DumpReader *reader; /* of the first reading, lent; NULL: one is opened */
    VerifyResult result;
} Verification;

typedef enum DifferenceKind {
    DIFFERENCE_MISSING, /* only the dump has it */
    DIFFERENCE_EXTRA,   /* only the store has it */
    DIFFERENCE_VALUE,   /* both have it, with different values (entry_digest.h) */
    DIFFERENCE_KINDS
} DifferenceKind;

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

static bool add_dump_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    Verification *verification = state;
    SetDigest digest = {0};

    (void)error;
    entry_digest_add(&digest, entry, tuple);
    bucket_sums_add(verification->sums, entry, digest);
    return true;
}

static bool subtract_store_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    Verification *verification = worker;
    SetDigest digest = {0};

    (void)error;
    entry_digest_add(&digest, entry, tuple);
    bucket_sums_subtract(verification->sums, entry, digest);
    atomic_fetch_add_explicit(&verification->store_entries, 1, memory_order_relaxed);
    return true;
}

static bool sum_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Verification *verification = state;

    (void)worker;
    atomic_fetch_add(&verification->dump_entries, entries);
    return for_each_entry(tuples, state, add_dump_entry, error);
}

/* Reads the whole dump, with all of its checks.  The caller frees the manifest, even after a
 * failure.
 */
static bool read_opened_dump(Verification *verification, DumpReader *reader, const char *phase,
                             const DumpVisitor *visitor, DumpManifest *manifest, Error *error)
{
    *manifest = (DumpManifest){0};
    verification->result.dump_version = dump_reader_header(reader)->kv_version;
    verification->result.partial = dump_reader_header(reader)->repository_count > 0 ||
                                   dump_header_omitted_package(dump_reader_header(reader)) != NULL;
    verification->result.redacted = dump_reader_header(reader)->redacted;
    progress_begin(phase, dump_expected_entries(reader));
    if (!sequential_read_dump(reader, (size_t)verification->options->store.jobs, visitor,
                              verification, manifest, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool read_dump(Verification *verification, const char *path, const char *phase,
                      const DumpVisitor *visitor, DumpManifest *manifest, Error *error)
{
    DumpReader *reader = NULL;
    bool done;

    *manifest = (DumpManifest){0};
    done = dump_reader_open(path, &reader, error) &&
           read_opened_dump(verification, reader, phase, visitor, manifest, error);
    dump_reader_free(reader);
    return done;
}

static bool read_dump_first(Verification *verification, const DumpVisitor *visitor, Error *error)
{
    DumpManifest manifest;
    bool done = verification->reader == NULL ? read_dump(verification, verification->options->file,
                                                         "dump", visitor, &manifest, error)
                                             : read_opened_dump(verification, verification->reader,
                                                                "dump", visitor, &manifest, error);

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
    progress_begin(phase, atomic_load(&verification->dump_entries));
    if (!verification->driver->read(verification->store, visitor, verification, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool compute_sums(Verification *verification, Error *error)
{
    static const DumpVisitor DUMP = {.visit = sum_chunk};
    static const EntryVisitor STORE = {.visit = subtract_store_entry};

    progress_plan(PHASES, PHASES_IF_EQUAL);
    if (!read_dump_first(verification, &DUMP, error) ||
        !read_store(verification, "store", &STORE, error)) {
        return false;
    }
    verification->result.dump_entries = atomic_load(&verification->dump_entries);
    verification->result.store_entries = atomic_load(&verification->store_entries);
    verification->result.equal =
        bucket_sums_finish(verification->sums) &&
        verification->result.dump_version == verification->result.store_version;
    return true;
}

static bool collect_dump_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    Verification *verification = state;

    (void)tuple;
    return !bucket_sums_differ(verification->sums, entry) ||
           sorter_add(verification->sorter, DIFF_OLD, entry, error);
}

static bool collect_store_entry(void *worker, const Entry *entry, Slice tuple, Error *error)
{
    Verification *verification = worker;

    (void)tuple;
    return !bucket_sums_differ(verification->sums, entry) ||
           sorter_add(verification->sorter, DIFF_NEW, entry, error);
}

static bool collect_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    (void)worker;
    (void)entries;
    return for_each_entry(tuples, state, collect_dump_entry, error);
}

/* The version is not among the entries that are read; it is compared as if it were. */
static bool collect_version(Verification *verification, DiffSide side, uint64_t version,
                            Error *error)
{
    char text[24];
    Entry entry = {slice_text(KV_PARTITION_INTERNAL), slice_text(KV_VERSION_KEY), {0}};

    snprintf(text, sizeof text, "%" PRIu64, version);
    entry.value = slice_text(text);
    return verification->result.dump_version == verification->result.store_version ||
           sorter_add(verification->sorter, side, &entry, error);
}

static bool find_differences(Verification *verification, Error *error)
{
    static const DumpVisitor DUMP = {.visit = collect_chunk};
    static const EntryVisitor STORE = {.visit = collect_store_entry};

    progress_plan(PHASES, PHASES_IF_DIFFERENT);
    return sorter_new(SORTER_MEMORY, &verification->sorter, error) &&
           collect_version(verification, DIFF_OLD, verification->result.dump_version, error) &&
           collect_version(verification, DIFF_NEW, verification->result.store_version, error) &&
           read_dump_again(verification, &DUMP, error) &&
           read_store(verification, "differences: store", &STORE, error) &&
           sorter_finish(verification->sorter, error);
}

static DifferenceKind kind_of(const Difference *difference)
{
    if (!difference->has_new) {
        return DIFFERENCE_MISSING;
    }
    return difference->has_old ? DIFFERENCE_VALUE : DIFFERENCE_EXTRA;
}

static bool append_values(Buffer *line, const Difference *difference, Error *error)
{
    const Entry *dump = difference->has_old ? &difference->old_entry : NULL;
    const Entry *store = difference->has_new ? &difference->new_entry : NULL;
    const char *type;

    return (dump == NULL || json_line_append_value(line, "dump", dump, store, &type, error)) &&
           (store == NULL || json_line_append_value(line, "store", store, dump, &type, error));
}

static bool print_difference(const Difference *difference, Error *error)
{
    static const char *const NAMES[DIFFERENCE_KINDS] = {"missing", "extra", "value"};
    const Entry *entry = difference_entry(difference);
    Buffer line = {0};
    bool done =
        buffer_append_format(&line, error,
                             "{\"difference\":\"%s\",\"partition\":", NAMES[kind_of(difference)]) &&
        json_quote_bytes(&line, entry->partition_key, error) &&
        buffer_append_text(&line, ",\"key\":", error) &&
        json_quote_bytes(&line, entry->key, error) && append_values(&line, difference, error) &&
        buffer_append_text(&line, "}\n", error) && output_text(buffer_slice(&line), error);

    buffer_free(&line);
    return done;
}

/* Counts the differences and, if they are to be shown, prints the first ones. */
static bool count_differences(Verification *verification, bool show, Error *error)
{
    uint64_t counts[DIFFERENCE_KINDS] = {0};
    uint64_t shown = 0;
    Difference difference;
    bool end;

    for (;;) {
        if (!sorter_next(verification->sorter, &difference, &end, error)) {
            return false;
        }
        if (end) {
            break;
        }
        counts[kind_of(&difference)]++;
        verification->result.extra_users |=
            kind_of(&difference) == DIFFERENCE_EXTRA &&
            slice_equal(difference.new_entry.partition_key, slice_text(KV_PARTITION_BASIC_AUTH));
        if (show && shown++ < MAX_DIFFERENCES_SHOWN && !print_difference(&difference, error)) {
            return false;
        }
    }
    verification->result.counted = true;
    verification->result.missing = counts[DIFFERENCE_MISSING];
    verification->result.different = counts[DIFFERENCE_VALUE];
    verification->result.extra = counts[DIFFERENCE_EXTRA];
    return output_flush(error);
}

bool verify_set_detail(const VerifyResult *result, Error *error)
{
    char text[QUANTITY_SIZE];

    if (!result->counted) {
        return error_detail(
            error, "The dump holds %s, the store %" PRIu64 "%s.",
            quantity_noun(result->dump_entries, "entry", "entries", text), result->store_entries,
            result->dump_entries == result->store_entries ? ", of which some differ" : "");
    }
    return error_detail(
        error, "%" PRIu64 " %s missing, %" PRIu64 " %s, %" PRIu64 " %s extra (compared with %s).",
        result->missing, result->missing == 1 ? "entry is" : "entries are", result->different,
        result->different == 1 ? "differs" : "differ", result->extra,
        result->extra == 1 ? "is" : "are", result->source);
}

static bool can_be_read_again(const ImportOptions *options)
{
    return options->second_reading != NULL || spool_is_file(options->file);
}

static bool say_equal(const VerifyResult *result, Error *error)
{
    char text[QUANTITY_SIZE];

    progress_stop();
    output_line("equal: %s", quantity_noun(result->dump_entries, "entry", "entries", text));
    return output_flush(error);
}

static bool compare_with_store(Verification *verification, Error *error)
{
    const VerifyResult *result = &verification->result;

    if (!compute_sums(verification, error)) {
        return false;
    }
    if (result->equal) {
        return say_equal(result, error);
    }
    if (result->redacted) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the dump is redacted, and the KV store was not loaded from it: there is nothing "
                  "to compare");
        return error_hint(error, "Take a dump that is not redacted.");
    }
    if (!can_be_read_again(verification->options)) {
        error_set(error, EXIT_CODE_FAILED, "the KV store differs from %s", result->source);
        verify_set_detail(result, error);
        if (result->dump_version != result->store_version) {
            char counts[sizeof error->detail];

            snprintf(counts, sizeof counts, "%s", error->detail);
            error_detail(error,
                         "The dump is of version %" PRIu64 ", the store at version %" PRIu64 ". %s",
                         result->dump_version, result->store_version, counts);
        }
        return error_hint(error,
                          "To see which entries differ, pass the dump as a file, or a second "
                          "pipe with --second-reading.");
    }
    if (!find_differences(verification, error) || !count_differences(verification, true, error)) {
        return false;
    }
    error_set(error, EXIT_CODE_FAILED, "the KV store differs from %s", result->source);
    if (result->partial) {
        error_hint(error, "The dump does not hold a whole KV store: kv-import --diff=DUMP compares "
                          "what it holds.");
    } else if (result->extra_users) {
        error_hint(error, "No migration makes entries of partition " KV_PARTITION_BASIC_AUTH
                          ": kv-migrate basic-auth or lakeFS has written them.");
    }
    return verify_set_detail(result, error);
}

static bool open_store(Verification *verification, Error *error)
{
    const ImportOptions *options = verification->options;
    uint64_t version = 0;

    verification->store_options = import_options_store(options);
    if (!verification->driver->open(&verification->store_options, &verification->store, &version,
                                    error)) {
        return false;
    }
    verification->result.store_version = version;
    if (version == 0) {
        error_set(error, EXIT_CODE_REFUSED, "the KV store is incomplete: it is at version 0");
        return error_hint(error, "Load the dump first: run kv-import without --verify.");
    }
    return true;
}

static bool begin(Verification *verification, const ImportOptions *options, Error *error)
{
    /* kv-migrate verify has the dump made of the legacy tables. */
    bool of_tables = options->common.supervised && options->action == IMPORT_VERIFY;

    *verification =
        (Verification){.options = options,
                       .driver = store_find(options->target),
                       .result = {.source = of_tables ? "the legacy tables" : "the dump"}};
    atomic_init(&verification->dump_entries, 0);
    atomic_init(&verification->store_entries, 0);
    return bucket_sums_new(MANY_ENTRIES, &verification->sums, error);
}

static void end(Verification *verification)
{
    verification->driver->close(verification->store);
    bucket_sums_free(verification->sums);
    sorter_free(verification->sorter);
}

bool verify_store(const ImportOptions *options, Error *error)
{
    Verification verification;
    bool done =
        begin(&verification, options, error) && signals_start(verification.driver->cancel, error) &&
        open_store(&verification, error) && progress_init(options->common.progress, error) &&
        compare_with_store(&verification, error);

    progress_stop();
    end(&verification);
    return done;
}

bool verify_compare(const ImportOptions *options, DumpReader *reader, VerifyResult *result,
                    Error *error)
{
    Verification verification;
    bool done = begin(&verification, options, error);

    verification.reader = reader;
    done = done && open_store(&verification, error) && compute_sums(&verification, error) &&
           (verification.result.equal || !can_be_read_again(options) ||
            (find_differences(&verification, error) &&
             count_differences(&verification, false, error)));
    *result = verification.result;
    end(&verification);
    return done;
}
