/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/comparison.h"

#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/kv/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is done with the entries of one side. */
typedef struct Pass {
    Comparison *comparison;
    DiffSide side;
    bool collects; /* those that may differ; else sums up all */
} Pass;

/* What differs is read again; the branches of staged objects may follow (diff.c).  A dump is read
 * without decompressing it first, which tells nothing of the phases after it. */
static const ProgressPhase DUMP_PHASES[] = {{"read", 0}, {"compare", 1}, {"differences", 1}};
enum { DUMP_PHASES_IF_EQUAL = 2, DUMP_PHASES_IF_DIFFERENT = 3 };
static const ProgressPhase STORE_PHASES[] = {
    {"read", 0}, {"dump", 1}, {"store", 2}, {"differences: dump", 1}, {"differences: store", 2}};
enum { STORE_PHASES_IF_EQUAL = 3, STORE_PHASES_IF_DIFFERENT = 5 };

static bool visit_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    Pass *pass = state;
    Comparison *comparison = pass->comparison;
    SetDigest digest = {0};

    if (exclusions_of_entry(&comparison->exclusions, entry) ||
        !diff_scope_covers(&comparison->scope, pass->side, entry)) {
        return true;
    }
    if (pass->collects) {
        return !bucket_sums_differ(comparison->sums, entry) ||
               sorter_add(comparison->sorter, pass->side, entry, error);
    }
    /* Of bytes, as that is faster; the sorter compares messages. */
    set_digest_add_tuple(&digest, tuple);
    if (pass->side == DIFF_OLD) {
        bucket_sums_add(comparison->sums, entry, digest);
    } else {
        bucket_sums_subtract(comparison->sums, entry, digest);
    }
    return true;
}

static bool read_dump(Comparison *comparison, DumpFile *file, DiffSide side, bool collects,
                      Error *error)
{
    Pass pass = {comparison, side, collects};

    return dump_file_read(file, collects, (size_t)comparison->options->store.jobs, visit_entry,
                          &pass, NULL, error);
}

static bool read_store(Comparison *comparison, bool collects, Error *error)
{
    static const EntryVisitor VISITOR = {.visit = visit_entry};
    Pass pass = {comparison, DIFF_NEW, collects};

    return comparison->driver->read(comparison->store, &VISITOR, &pass, error);
}

/* The version is not among the entries that are read; it is compared as if it were. */
static bool add_version(Comparison *comparison, DiffSide side, Error *error)
{
    char text[24];
    Entry entry = {slice_text(KV_PARTITION_INTERNAL), slice_text(KV_VERSION_KEY), {0}};

    snprintf(text, sizeof text, "%" PRIu64, comparison->versions[side]);
    entry.value = slice_text(text);
    return sorter_add(comparison->sorter, side, &entry, error);
}

static bool begin_collecting(Comparison *comparison, Error *error)
{
    return sorter_new(SORTER_MEMORY, &comparison->sorter, error) &&
           (comparison->versions[DIFF_OLD] == comparison->versions[DIFF_NEW] ||
            (add_version(comparison, DIFF_OLD, error) && add_version(comparison, DIFF_NEW, error)));
}

/* Takes the first difference; there may be none, though bytes differ. */
static bool finish_collecting(Comparison *comparison, Error *error)
{
    return sorter_finish(comparison->sorter, error) &&
           sorter_next(comparison->sorter, &comparison->first, &comparison->equal, error);
}

/* Sets the result if the bytes of all entries are equal. */
static bool set_equal(Comparison *comparison, Error *error)
{
    comparison->equal = comparison->versions[DIFF_OLD] == comparison->versions[DIFF_NEW];
    return comparison->equal ||
           (begin_collecting(comparison, error) && finish_collecting(comparison, error));
}

/* The totals of a package; none if the dump does not have it. */
static DumpPackageTotals package_totals(const DumpManifest *manifest, const char *package)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        if (strcmp(manifest->packages[i].name, package) == 0) {
            return manifest->packages[i].totals;
        }
    }
    return (DumpPackageTotals){0};
}

/* Whether the manifests state that all entries are equal. */
static bool manifests_agree(const Comparison *comparison)
{
    for (size_t i = 0; i < KV_PACKAGES; i++) {
        const char *name = KV_PACKAGE_NAMES[i];
        DumpPackageTotals a = package_totals(&comparison->old_dump.manifest, name);
        DumpPackageTotals b = package_totals(&comparison->new_dump.manifest, name);

        if (!comparison->exclusions.packages[i] &&
            (a.entries != b.entries || !set_digest_equal(a.set_digest, b.set_digest))) {
            return false;
        }
    }
    return true;
}

static int compare_frames(const void *a, const void *b)
{
    const FrameInfo *x = a;
    const FrameInfo *y = b;
    int order = (x->digest.high > y->digest.high) - (x->digest.high < y->digest.high);

    return order != 0 ? order : (x->digest.low > y->digest.low) - (x->digest.low < y->digest.low);
}

/* Sorts the frames that are chosen, which come first then; returns how many. */
static size_t sort_chosen(DumpFile *file)
{
    size_t count = 0;

    for (size_t i = 0; i < file->frame_count; i++) {
        FrameInfo frame = file->frames[i];

        if (file->chosen[frame.chunk]) {
            file->frames[i] = file->frames[count];
            file->frames[count++] = frame;
        }
    }
    if (count > 0) {
        qsort(file->frames, count, sizeof *file->frames, compare_frames);
    }
    return count;
}

/* Of the chosen chunks, chooses those whose digest only one of the dumps has. */
static void match_frames(DumpFile *a, DumpFile *b)
{
    size_t count_a = sort_chosen(a);
    size_t count_b = sort_chosen(b);
    size_t i = 0;
    size_t k = 0;

    while (i < count_a && k < count_b) {
        int order = compare_frames(&a->frames[i], &b->frames[k]);

        if (order == 0) {
            a->chosen[a->frames[i].chunk] = false;
            b->chosen[b->frames[k].chunk] = false;
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
}

static void choose_packages(const Comparison *comparison, DumpFile *file)
{
    for (size_t i = 0; i < file->frame_count; i++) {
        const FrameInfo *frame = &file->frames[i];

        file->chosen[frame->chunk] =
            !exclusions_of_package(&comparison->exclusions, frame->package);
    }
}

/* From now on the digests are those of the entries. */
static void take_contents(DumpFile *file)
{
    for (size_t i = 0; i < file->frame_count; i++) {
        file->frames[i].digest = file->contents[file->frames[i].chunk];
    }
}

/* How many entries the chosen chunks of a dump have. */
static uint64_t chosen_entries(const DumpFile *file)
{
    uint64_t entries = 0;

    for (size_t i = 0; i < file->frame_count; i++) {
        entries += file->chosen[file->frames[i].chunk] ? file->frames[i].entries : 0;
    }
    return entries;
}

static bool scan_dump(void *shared, size_t number, Error *error)
{
    Comparison *comparison = shared;

    return dump_file_scan(number == 0 ? &comparison->old_dump : &comparison->new_dump, error);
}

static void add_totals(const Comparison *comparison, const DumpFile *file, bool stated,
                       DumpPackageTotals *sum)
{
    for (size_t i = 0; i < file->manifest.package_count; i++) {
        const DumpPackageSummary *package = &file->manifest.packages[i];
        const DumpPackageTotals *totals = stated ? &package->totals : &file->read[i];

        if (!exclusions_of_package(&comparison->exclusions, package->name)) {
            dump_totals_add(sum, totals->entries, totals->bytes, totals->set_digest);
        }
    }
}

/* What was passed over is in both dumps, so what was read must make up for the difference of the
 * manifests. */
static bool check_totals(const Comparison *comparison, Error *error)
{
    DumpPackageTotals a = {0};
    DumpPackageTotals b = {0};

    add_totals(comparison, &comparison->old_dump, true, &a);
    add_totals(comparison, &comparison->new_dump, false, &a);
    add_totals(comparison, &comparison->new_dump, true, &b);
    add_totals(comparison, &comparison->old_dump, false, &b);
    if (a.entries == b.entries && a.bytes == b.bytes &&
        set_digest_equal(a.set_digest, b.set_digest)) {
        return true;
    }
    error_set(error, EXIT_CODE_DUMP,
              "the manifest of one of the dumps does not agree with its entries");
    return error_hint(error, "kv-import --check shows which.");
}

static bool read_dumps(Comparison *comparison, const char *phase, bool collects, Error *error)
{
    DumpFile *old_dump = &comparison->old_dump;
    DumpFile *new_dump = &comparison->new_dump;

    progress_begin(phase, chosen_entries(old_dump) + chosen_entries(new_dump));
    if (!read_dump(comparison, old_dump, DIFF_OLD, collects, error) ||
        !read_dump(comparison, new_dump, DIFF_NEW, collects, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool learn_dump(Comparison *comparison, DumpFile *file, Error *error)
{
    return diff_scope_learn_dump(&comparison->scope, file, (size_t)comparison->options->store.jobs,
                                 error);
}

static bool compare_chunks(Comparison *comparison, Error *error)
{
    DumpFile *old_dump = &comparison->old_dump;
    DumpFile *new_dump = &comparison->new_dump;

    progress_plan(DUMP_PHASES, DUMP_PHASES_IF_EQUAL);
    progress_begin("read", dump_manifest_entries(&old_dump->manifest) +
                               dump_manifest_entries(&new_dump->manifest));
    if (!workers_run(2, scan_dump, comparison, NULL, error)) {
        return false;
    }
    progress_end();
    if (comparison->scope.filters &&
        (!learn_dump(comparison, old_dump, error) || !learn_dump(comparison, new_dump, error))) {
        return false;
    }
    choose_packages(comparison, old_dump);
    choose_packages(comparison, new_dump);
    match_frames(old_dump, new_dump);
    if (!bucket_sums_new(chosen_entries(old_dump), &comparison->sums, error) ||
        !read_dumps(comparison, "compare", false, error) || !check_totals(comparison, error)) {
        return false;
    }
    if (bucket_sums_finish(comparison->sums)) {
        return set_equal(comparison, error);
    }
    /* Chunks of the same entries, compressed in another way. */
    progress_plan(DUMP_PHASES, DUMP_PHASES_IF_DIFFERENT);
    take_contents(old_dump);
    take_contents(new_dump);
    match_frames(old_dump, new_dump);
    return begin_collecting(comparison, error) &&
           read_dumps(comparison, "differences", true, error) &&
           finish_collecting(comparison, error);
}

/* Names in a redacted dump are others, so everything would differ. */
static bool check_redaction(const Comparison *comparison, Error *error)
{
    bool old_redacted = dump_file_header(&comparison->old_dump)->redacted;
    bool new_redacted =
        comparison->new_dump.open && dump_file_header(&comparison->new_dump)->redacted;

    if (old_redacted == new_redacted) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "only one of those to compare is redacted");
    return error_hint(error, "Compare two dumps that are redacted with the same key file, or two "
                             "that are not.");
}

/* Two dumps of different packages have nothing that could be compared. */
static bool check_packages(const Comparison *comparison, Error *error)
{
    const DumpHeader *header = dump_file_header(&comparison->old_dump);

    for (size_t i = 0; i < header->package_count; i++) {
        if (!exclusions_of_package(&comparison->exclusions, header->packages[i])) {
            return true;
        }
    }
    error_set(error, EXIT_CODE_REFUSED, "the two dumps have no package in common");
    return error_hint(error, "kv-import --list shows the packages of a dump.");
}

static bool open_dumps(Comparison *comparison, Error *error)
{
    const ImportOptions *options = comparison->options;
    DumpFile *old_dump = &comparison->old_dump;
    DumpFile *new_dump = &comparison->new_dump;

    if (!dump_file_open(options->diff, old_dump, error) ||
        !dump_file_open(options->file, new_dump, error)) {
        return false;
    }
    exclusions_add(&comparison->exclusions, dump_file_header(old_dump));
    exclusions_add(&comparison->exclusions, dump_file_header(new_dump));
    comparison->versions[DIFF_OLD] = dump_file_header(old_dump)->kv_version;
    comparison->versions[DIFF_NEW] = dump_file_header(new_dump)->kv_version;
    return check_redaction(comparison, error) &&
           diff_scope_choose(&comparison->scope, dump_file_header(old_dump),
                             dump_file_header(new_dump), error) &&
           check_packages(comparison, error);
}

bool comparison_of_dumps(const ImportOptions *options, Comparison *comparison, Error *error)
{
    *comparison = (Comparison){.options = options};
    if (!open_dumps(comparison, error)) {
        return false;
    }
    exclusions_warn(&comparison->exclusions);
    diff_scope_warn(&comparison->scope);
    if (!comparison->scope.filters && manifests_agree(comparison)) {
        return set_equal(comparison, error);
    }
    return compare_chunks(comparison, error);
}

static bool open_store(Comparison *comparison, Error *error)
{
    uint64_t *version = &comparison->versions[DIFF_NEW];

    if (!comparison->driver->open(&comparison->store_options, &comparison->store, version, error)) {
        return false;
    }
    if (*version == 0) {
        error_set(error, EXIT_CODE_REFUSED, "the KV store is incomplete: it is at version 0");
        return error_hint(error, "Load a dump first: run kv-import without --diff.");
    }
    return true;
}

static bool read_dump_and_store(Comparison *comparison, bool collects, Error *error)
{
    DumpFile *dump = &comparison->old_dump;
    uint64_t entries = chosen_entries(dump);

    progress_begin(collects ? "differences: dump" : "dump", entries);
    if (!read_dump(comparison, dump, DIFF_OLD, collects, error)) {
        return false;
    }
    progress_end();
    progress_begin(collects ? "differences: store" : "store", entries);
    if (!read_store(comparison, collects, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool scan_before_store(DumpFile *dump, Error *error)
{
    progress_plan(STORE_PHASES, STORE_PHASES_IF_EQUAL);
    progress_begin("read", dump_manifest_entries(&dump->manifest));
    if (!dump_file_scan(dump, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool learn_dump_and_store(Comparison *comparison, Error *error)
{
    const StoreRanges ranges = {comparison->store, comparison->driver->read_range};

    return !comparison->scope.filters ||
           (learn_dump(comparison, &comparison->old_dump, error) &&
            diff_scope_learn_store(&comparison->scope, &ranges, error));
}

bool comparison_with_store(const ImportOptions *options, Comparison *comparison, Error *error)
{
    DumpFile *dump = &comparison->old_dump;

    *comparison = (Comparison){.options = options,
                               .driver = store_find(options->target),
                               .store_options = import_options_store(options)};
    if (!dump_file_open(options->diff, dump, error) || !open_store(comparison, error)) {
        return false;
    }
    exclusions_add(&comparison->exclusions, dump_file_header(dump));
    comparison->versions[DIFF_OLD] = dump_file_header(dump)->kv_version;
    if (!check_redaction(comparison, error) ||
        !diff_scope_choose(&comparison->scope, dump_file_header(dump), NULL, error)) {
        return false;
    }
    exclusions_warn(&comparison->exclusions);
    diff_scope_warn(&comparison->scope);
    if (!scan_before_store(dump, error) || !learn_dump_and_store(comparison, error) ||
        !bucket_sums_new(chosen_entries(dump), &comparison->sums, error) ||
        !read_dump_and_store(comparison, false, error) ||
        !dump_manifest_check_totals(&dump->manifest, dump->read, error)) {
        return false;
    }
    if (bucket_sums_finish(comparison->sums)) {
        return set_equal(comparison, error);
    }
    progress_plan(STORE_PHASES, STORE_PHASES_IF_DIFFERENT);
    return begin_collecting(comparison, error) && read_dump_and_store(comparison, true, error) &&
           finish_collecting(comparison, error);
}

uint64_t comparison_entries(const Comparison *comparison)
{
    const DiffScope *scope = &comparison->scope;
    bool new_limited = scope->filters && scope->limited == DIFF_NEW;
    DumpPackageTotals totals = {0};

    add_totals(comparison, new_limited ? &comparison->new_dump : &comparison->old_dump, true,
               &totals);
    return totals.entries;
}

bool comparison_next(Comparison *comparison, Difference *difference, bool *end, Error *error)
{
    if (comparison->first_taken) {
        return sorter_next(comparison->sorter, difference, end, error);
    }
    comparison->first_taken = true;
    *difference = comparison->first;
    *end = comparison->equal;
    return true;
}

void comparison_free(Comparison *comparison)
{
    if (comparison->driver != NULL) {
        comparison->driver->close(comparison->store);
    }
    diff_scope_free(&comparison->scope);
    bucket_sums_free(comparison->sums);
    sorter_free(comparison->sorter);
    dump_file_close(&comparison->old_dump);
    dump_file_close(&comparison->new_dump);
}
