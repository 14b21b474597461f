/* SPDX-License-Identifier: Apache-2.0 */
#include "import/load.h"

#include "common/base/interrupt.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/dump/reader.h"
#include "common/store/target.h"
#include "import/dump_check.h"
#include "import/dump_scope.h"
#include "import/parallel_read.h"
#include "import/sequential_read.h"
#include "import/spool.h"
#include "import/verify/verify.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct Load {
    ImportOptions *options;
    const TargetDriver *driver;
    Target *target;
    DumpReader *reader;
    DumpManifest peeked; /* of a file, before it is read */
    DumpManifest manifest;
    bool equal;                /* the store holds the dump's entries already */
    bool checked;              /* the whole dump was read, and this is its manifest */
    uint64_t expected_entries; /* may be an estimate; 0: unknown */
} Load;

/* Of a load that only stamps. */
static const ProgressPhase STAMPING_PHASES[] = {{"check", 1}};

/* A store that is compared with the dump needs it twice. */
static bool make_readable(Load *load, Error *error)
{
    return load->driver->compare == NULL || !load->options->store.clean ||
           (progress_init(load->options->common.progress, error) &&
            spool_dump(&load->options->file, error));
}

/* Detects a truncated file before the target is touched. */
static bool check_manifest(Load *load, Error *error)
{
    bool found;

    load->expected_entries = dump_reader_header(load->reader)->estimated_entries;
    if (!dump_reader_peek_manifest(load->reader, &found, &load->peeked, error)) {
        return false;
    }
    if (found) {
        load->expected_entries = dump_manifest_entries(&load->peeked);
        load->options->store.manifest = &load->peeked;
    }
    return true;
}

static bool begin_worker(void *state, void **worker, Error *error)
{
    Load *load = state;
    Loader *loader = NULL;
    bool done = load->driver->begin_load(load->target, &loader, error);

    *worker = loader;
    return done;
}

static bool load_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Load *load = state;

    return load->driver->load(worker, tuples, entries, error);
}

static bool end_worker(void *state, void *worker, bool complete, Error *error)
{
    Load *load = state;

    return load->driver->end_load(worker, complete, error);
}

static bool load_entries(Load *load, Error *error)
{
    static const DumpVisitor LOADING = {begin_worker, load_chunk, end_worker};

    progress_begin("load", load->expected_entries);
    if (load->checked
            ? !parallel_read_dump(load->options->file, &load->manifest, &LOADING, load, error)
            : !sequential_read_dump(load->reader, (size_t)load->options->store.jobs, &LOADING, load,
                                    &load->manifest, error)) {
        return false;
    }
    progress_end();
    return true;
}

static bool remember_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    const Load *load = state;

    (void)worker;
    (void)entries;
    return load->driver->remember(load->target, tuples, error);
}

/* Reads and checks all of the dump, and compares it with the store, before that is touched. */
static bool compare_entries(Load *load, Error *error)
{
    static const DumpVisitor REMEMBERING = {.visit = remember_chunk};

    progress_begin("check", load->expected_entries);
    if (!sequential_read_dump(load->reader, (size_t)load->options->store.jobs, &REMEMBERING, load,
                              &load->manifest, error)) {
        return false;
    }
    progress_end();
    load->checked = true;
    return load->driver->compare(load->target, dump_reader_header(load->reader)->kv_version,
                                 &load->equal, error);
}

/* If the dump is a file, finds entries that the target would reject before the target is touched,
 * rather than after hours of loading. */
static bool check_entries(Load *load, Error *error)
{
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    uint64_t units;
    bool compared = false;

    if (load->driver->expect != NULL &&
        !load->driver->expect(load->target, load->expected_entries, &compared, error)) {
        return false;
    }
    if (compared) {
        return compare_entries(load, error);
    }
    if (load->driver->check_entries == NULL || !spool_is_file(load->options->file)) {
        return true;
    }
    load->checked = dump_reader_open(load->options->file, &reader, error) &&
                    dump_check(reader, (size_t)load->options->store.jobs, load->driver,
                               load->expected_entries, &units, &manifest, error);
    dump_reader_free(reader);
    load->manifest = manifest;
    return load->checked;
}

static bool say_equal(uint64_t version)
{
    progress_stop();
    message_info("the KV store is at version %" PRIu64
                 " and already holds the dump's entries: nothing to do",
                 version);
    return true;
}

/* From an empty store to the stamp. */
static bool fill_target(Load *load, Error *error)
{
    const TargetDriver *driver = load->driver;
    char text[QUANTITY_SIZE];

    if (!check_entries(load, error)) {
        return false;
    }
    if (load->equal) {
        return say_equal(dump_reader_header(load->reader)->kv_version);
    }
    if (!driver->prepare(load->target, error) || !load_entries(load, error) ||
        !driver->complete(load->target, &load->manifest, error) || !interrupt_check(error) ||
        !driver->stamp(load->target, dump_reader_header(load->reader), &load->manifest, error)) {
        return false;
    }
    signals_finish();
    progress_stop();
    message_info("loaded %s and stamped version %" PRIu64,
                 quantity_noun(dump_manifest_entries(&load->manifest), "entry", "entries", text),
                 dump_reader_header(load->reader)->kv_version);
    return true;
}

/* Stamps the database; an earlier run has already stamped the store. */
static bool finish_target(Load *load, Error *error)
{
    const DumpHeader *header = dump_reader_header(load->reader);
    uint64_t units;

    if (!dump_check(load->reader, (size_t)load->options->store.jobs, load->driver,
                    load->expected_entries, &units, &load->manifest, error)) {
        return false;
    }
    if (!load->driver->finish(load->target, header, &load->manifest, error)) {
        return false;
    }
    progress_stop();
    message_info("the KV store was already stamped and matches the dump; the database is now at "
                 "version %" PRIu64,
                 header->kv_migration_version);
    return true;
}

/* Not to replace a store is a success only if that would change nothing. */
static bool compare_with_store(Load *load, Error *error)
{
    VerifyResult result;

    if (!verify_compare(load->options, load->reader, &result, error)) {
        return false;
    }
    if (result.equal) {
        return say_equal(result.store_version);
    }
    error_set(error, EXIT_CODE_REFUSED,
              "nothing was loaded: the KV store is at version %" PRIu64
              " already, and holds other entries than the dump",
              result.store_version);
    verify_set_detail(&result, error);
    return error_hint(error, "kv-import --verify shows what differs; --clean replaces the store.");
}

/* A store is used by a lakeFS that works with its version, and perhaps with no other. */
static bool check_version(const Load *load, const TargetState *state, Error *error)
{
    uint64_t version = dump_reader_header(load->reader)->kv_version;

    if (state->store != KV_STORE_STAMPED || version == state->version ||
        load->options->allow_other_version) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "%sthe KV store is at version %" PRIu64 ", the dump is of version %" PRIu64,
              state->kept ? "nothing was loaded: " : "", state->version, version);
    error_detail(error,
                 version < state->version
                     ? "A lakeFS that works with the store does not start with the dump's version, "
                       "until its own migration has raised it; a few releases cannot do that."
                     : "The dump was taken from a newer lakeFS; one that works with the store may "
                       "read its entries wrongly.");
    return error_hint(error,
                      "Take a dump of that version; or see that lakeFS accepts the dump's, then %s",
                      state->kept ? "replace the store with --clean --allow-other-version."
                                  : "add --allow-other-version.");
}

/* A store that is kept is compared, for which verify_compare has a plan. */
static void plan(const Load *load, const TargetState *state)
{
    size_t count;
    const ProgressPhase *phases;

    if (state->half_stamped) {
        progress_plan(STAMPING_PHASES, 1);
    } else if (!state->kept) {
        phases = load->driver->phases(load->target, spool_is_file(load->options->file), &count);
        progress_plan(phases, count);
    }
}

static bool load_into(Load *load, const TargetState *state, Error *error)
{
    plan(load, state);
    if (state->half_stamped) {
        return finish_target(load, error);
    }
    return check_version(load, state, error) &&
           (state->kept ? compare_with_store(load, error) : fill_target(load, error));
}

/* Whoever restores a backup wants to know that first. */
static void say_unchanged(Error *error)
{
    char detail[sizeof error->detail];

    snprintf(detail, sizeof detail, "%s", error->detail);
    error_detail(error, "%.*s%sThe store in use is unchanged.", (int)sizeof detail / 2, detail,
                 detail[0] == '\0' ? "" : "\n");
}

/* What fails before the target is open changes nothing. */
static void abandon(const Load *load, bool is_open, const TargetState *state, Error *error)
{
    bool unchanged = is_open
                         ? load->driver->abandon != NULL && load->driver->abandon(load->target) &&
                               state->store == KV_STORE_STAMPED
                         : error->code == EXIT_CODE_DUMP || error->code == EXIT_CODE_FAILED;

    if (load->options->store.clean && unchanged) {
        say_unchanged(error);
    }
}

bool load_dump(ImportOptions *options, Error *error)
{
    Load load = {.options = options, .driver = target_find(options->target)};
    TargetState state = {0};
    bool is_open = false;
    bool done;

    done = signals_start(load.driver->cancel, error) && make_readable(&load, error) &&
           dump_reader_open(options->file, &load.reader, error) &&
           dump_scope_check_store(dump_reader_header(load.reader), options, error) &&
           check_manifest(&load, error) &&
           load.driver->open(&options->store, dump_reader_header(load.reader), &load.target, &state,
                             error);
    is_open = done;
    done =
        done && progress_init(options->common.progress, error) && load_into(&load, &state, error);
    progress_stop();
    if (!done) {
        abandon(&load, is_open, &state, error);
    }
    load.driver->close(load.target);
    dump_manifest_free(&load.peeked);
    dump_manifest_free(&load.manifest);
    dump_reader_free(load.reader);
    return done;
}
