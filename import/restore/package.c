/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/package.h"

#include "common/base/interrupt.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/dump/reader.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/store/change.h"
#include "import/dump_scope.h"
#include "import/restore/version.h"
#include "import/sequential_read.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

typedef struct Restore {
    const ImportOptions *options;
    const ChangeDriver *driver;
    StoreChange *change;
    DumpReader *reader;
    pthread_mutex_t mutex; /* guards the change and what follows */
    uint64_t left_out;
    MergeCounts counts;
} Restore;

static bool check_package(const Restore *restore, Error *error)
{
    if (strcmp(restore->options->package, KV_PACKAGE_NAMES[KV_PACKAGE_GRAVELER]) == 0) {
        error_set(error, EXIT_CODE_USAGE,
                  "package graveler is restored by repository: its entries depend on each other");
        return error_hint(error, "Name one with --repository.");
    }
    return true;
}

static bool open_store(Restore *restore, Error *error)
{
    const DumpHeader *header = dump_reader_header(restore->reader);
    uint64_t version;

    return restore->driver->open(&restore->options->store, &restore->change, &version, error) &&
           restore_version_check_package(restore->options->package, header->kv_version, version,
                                         error);
}

/* What an installation is, rather than who may do what there, stays the store's own. */
static bool is_of_installation(const Entry *entry)
{
    const Slice metadata = slice_text(KV_INSTALLATION_METADATA);

    return slice_equal(entry->partition_key, slice_text(KV_PARTITION_AUTH)) &&
           (slice_equal(entry->key, slice_text(KV_INSTALLATION_ID_KEY)) ||
            (entry->key.size >= metadata.size &&
             slice_equal(slice_of(entry->key.data, metadata.size), metadata)));
}

static bool take_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    Restore *restore = state;
    const char *name = restore->options->package;
    const char *problem;
    Entry entry;
    Slice tuple;
    bool done = true;

    (void)worker;
    (void)entries;
    pthread_mutex_lock(&restore->mutex);
    while (done && tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        KvPackage package = kv_package_of(entry.partition_key, entry.key, entry.value);

        if (strcmp(KV_PACKAGE_NAMES[package], name) != 0) {
            continue;
        }
        if (is_of_installation(&entry)) {
            restore->left_out++;
        } else {
            done = restore->driver->collect(restore->change, tuple, error);
        }
    }
    pthread_mutex_unlock(&restore->mutex);
    return done;
}

static bool read_dump(Restore *restore, Error *error)
{
    static const DumpVisitor TAKING = {.visit = take_chunk};
    DumpManifest manifest = {0};
    bool found;
    bool done = dump_reader_peek_manifest(restore->reader, &found, &manifest, error);

    if (done) {
        progress_begin("restore", dump_manifest_entries(&manifest));
        dump_manifest_free(&manifest);
        done = sequential_read_dump(restore->reader, (size_t)restore->options->store.jobs, &TAKING,
                                    restore, &manifest, error);
    }
    if (done) {
        progress_end();
    }
    dump_manifest_free(&manifest);
    return done;
}

static bool merge(Restore *restore, Error *error)
{
    ExistingAction action = (ExistingAction)restore->options->restore.existing;

    return restore->driver->merge(restore->change, action, &restore->counts, error) &&
           interrupt_check(error) && restore->driver->end(restore->change, error);
}

static bool print_report(const Restore *restore, Error *error)
{
    const MergeCounts *counts = &restore->counts;
    bool overwrite = restore->options->restore.existing == EXISTING_OVERWRITE;
    const char *package = restore->options->package;
    char text[QUANTITY_SIZE];

    if (restore->options->json) {
        return output_json(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "outcome", "restored",
                                     "package", package, "added", (json_int_t)counts->added,
                                     "overwritten", (json_int_t)(overwrite ? counts->different : 0),
                                     "kept", (json_int_t)(overwrite ? 0 : counts->different),
                                     "equal", (json_int_t)counts->equal, "left_out",
                                     (json_int_t)restore->left_out),
                           error) &&
               output_flush(error);
    }
    message_info("restored package %s: %" PRIu64 " added, %" PRIu64 " %s, %" PRIu64 " unchanged",
                 package, counts->added, counts->different,
                 overwrite ? "overwritten" : "kept with the store's value", counts->equal);
    if (restore->left_out > 0) {
        message_info("left out %s of the installation itself",
                     quantity_noun(restore->left_out, "entry", "entries", text));
    }
    if (strcmp(package, KV_PACKAGE_NAMES[KV_PACKAGE_AUTH]) == 0) {
        message_warning("make sure that lakeFS uses the auth.encrypt.secret_key of the dump's "
                        "installation: credentials are encrypted with it");
    }
    return true;
}

bool restore_package(ImportOptions *options, Error *error)
{
    Restore restore = {.options = options, .driver = store_change_find(options->target)};
    bool done;

    pthread_mutex_init(&restore.mutex, NULL);
    done = check_package(&restore, error) && signals_start(restore.driver->cancel, error) &&
           dump_reader_open(options->file, &restore.reader, error) &&
           dump_scope_check_package(dump_reader_header(restore.reader), options, error) &&
           open_store(&restore, error) && progress_init(options->common.progress, error) &&
           read_dump(&restore, error) && merge(&restore, error);
    if (done) {
        signals_finish();
    }
    progress_stop();
    done = done && print_report(&restore, error);
    restore.driver->close(restore.change);
    dump_reader_free(restore.reader);
    pthread_mutex_destroy(&restore.mutex);
    return done;
}
