/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/repository.h"

#include "common/base/interrupt.h"
#include "common/base/printable.h"
#include "common/cli/progress.h"
#include "common/cli/signals.h"
#include "common/dump/reader.h"
#include "common/kv/model.h"
#include "common/kv/namespace_place.h"
#include "common/kv/repository_copy.h"
#include "common/store/change.h"
#include "common/store/stored_repositories.h"
#include "import/dump_scope.h"
#include "import/restore/policies.h"
#include "import/restore/report.h"
#include "import/restore/source.h"
#include "import/restore/version.h"
#include "import/restore/writer.h"
#include "import/spool.h"

#include <string.h>

typedef struct Restore {
    const ImportOptions *options;
    const char *file; /* of the dump; can be read several times */
    const ChangeDriver *driver;
    StoreChange *change;
    StoreRanges ranges;
    uint64_t kv_version; /* of the dump */
    const char *id;      /* of the repository in the store, when all is done */
    ByteMap all;         /* the store's repositories */
    KvRepository from;   /* in the dump */
    KvRepository to;     /* as it will be */
    KvRepository old;    /* that is replaced */
    bool replaces;
    ByteMap uploads;  /* of the store, with --multiparts */
    ByteMap run_keys; /* that were written, where `replaces` and the driver is not atomic */
    RestoreReport report;
} Restore;

static bool check_dump(Restore *restore, Error *error)
{
    DumpReader *reader = NULL;
    bool done = dump_reader_open(restore->file, &reader, error) &&
                dump_scope_check_repository(dump_reader_header(reader), restore->options, error);

    if (done) {
        restore->kv_version = dump_reader_header(reader)->kv_version;
    }
    dump_reader_free(reader);
    return done;
}

static bool open_store(Restore *restore, Error *error)
{
    uint64_t version;

    if (!restore->driver->open(&restore->options->store, &restore->change, &version, error)) {
        return false;
    }
    restore->ranges = (StoreRanges){restore->change, restore->driver->read_range};
    return restore_version_check_repository(restore->kv_version, version, error) &&
           stored_repositories_read(&restore->ranges, &restore->all, error);
}

static bool begins_with(Slice bytes, Slice prefix)
{
    return bytes.size >= prefix.size && slice_equal(slice_of(bytes.data, prefix.size), prefix);
}

/* Entries of actions are found by the beginning of their keys, which must be nobody else's. */
static bool check_ids(const Restore *restore, Error *error)
{
    const Slice id = slice_text(restore->id);

    for (const ByteMapItem *item = byte_map_first(&restore->all); item != NULL;
         item = byte_map_next(item)) {
        Slice other = byte_map_key(item);

        if (begins_with(other, id) && other.size > id.size && other.data[id.size] == '/') {
            error_set(error, EXIT_CODE_REFUSED,
                      "the store has a repository \"%s\", whose runs cannot be told from those "
                      "of \"%s\"",
                      PRINTABLE_NAME(other), restore->id);
            return error_hint(error, "lakeFS allows no \"/\" in names. Choose another name with "
                                     "--as.");
        }
    }
    return true;
}

/* What --existing says about a repository that is there. */
static bool check_existing(Restore *restore, bool *skip, Error *error)
{
    bool exists = byte_map_contains(&restore->all, slice_text(restore->id));

    *skip = exists && restore->options->restore.existing == EXISTING_SKIP;
    restore->replaces = exists && restore->options->restore.existing == EXISTING_OVERWRITE;
    if (!exists || restore->options->restore.existing != EXISTING_REFUSE) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "the store has a repository \"%s\"", restore->id);
    return error_hint(error, "Restore it beside that one with --as=NEW, or replace that one with "
                             "--existing=overwrite.");
}

static bool refuse_namespace(const Restore *restore, NamespaceRelation relation, Slice other,
                             Slice other_namespace, Error *error)
{
    static const char *const WORDS[] = {[NAMESPACE_SAME] = "leads to the same place as",
                                        [NAMESPACE_INSIDE] = "is inside",
                                        [NAMESPACE_AROUND] = "encloses"};

    error_set(error, EXIT_CODE_REFUSED,
              "storage namespace \"%s\" %s \"%s\", that of repository \"%s\"",
              PRINTABLE_NAME(buffer_slice(&restore->to.storage_namespace)), WORDS[relation],
              PRINTABLE_NAME(other_namespace), PRINTABLE_NAME(other));
    return error_hint(error, "No two repositories may share one. Name another one with "
                             "--storage-namespace, and copy the objects there.");
}

/*
 * Two repositories in one storage namespace would delete each other's objects, and so would one
 * inside another: what the outer one does not know is garbage.  Nested ones that are there already
 * may come back.
 */
static bool check_namespace(const Restore *restore, Error *error)
{
    Buffer wanted = {0};
    Buffer place = {0};
    bool done =
        namespace_place_append(&wanted, buffer_slice(&restore->to.storage_namespace), error);

    for (const ByteMapItem *item = byte_map_first(&restore->all); done && item != NULL;
         item = byte_map_next(item)) {
        KvRepositoryRecord record;
        NamespaceRelation relation;
        Slice value;

        if (slice_equal(byte_map_key(item), slice_text(restore->id)) ||
            !byte_map_value(&restore->all, byte_map_key(item), &value) ||
            !kv_repository_read(value, &record)) {
            continue;
        }
        place.size = 0;
        done = namespace_place_append(&place, record.storage_namespace, error);
        relation = done ? namespace_place_relation(buffer_slice(&wanted), buffer_slice(&place))
                        : NAMESPACE_APART;
        if (relation == NAMESPACE_SAME ||
            (relation != NAMESPACE_APART && restore->options->restore.storage_namespace != NULL)) {
            done = refuse_namespace(restore, relation, byte_map_key(item), record.storage_namespace,
                                    error);
        }
    }
    buffer_free(&wanted);
    buffer_free(&place);
    return done;
}

/*
 * A copy gets an instance of its own.  So does what replaces a repository where that cannot be done
 * in one step: then old and new exist side by side until the entry is switched.
 */
static bool plan_copy(Restore *restore, Error *error)
{
    const RestoreOptions *options = &restore->options->restore;
    const KvRepositoryChange change = {
        .id = options->as,
        .storage_namespace = options->storage_namespace,
        .new_instance = options->as != NULL || (restore->replaces && !restore->driver->is_atomic)};
    bool found;

    return kv_repository_copy_begin(&restore->from, &change, &restore->to, error) &&
           check_namespace(restore, error) &&
           (!restore->replaces ||
            (stored_repository_find(&restore->ranges, &restore->all, slice_text(restore->id),
                                    &restore->old, &found, error) &&
             stored_repositories_check_tokens(&restore->ranges, &restore->all,
                                              slice_text(restore->id), &restore->old.tokens,
                                              error)));
}

static bool note_key(void *state, const Entry *entry, Slice tuple, Error *error)
{
    (void)tuple;
    return byte_map_add(state, entry->key, NULL, error);
}

/*
 * Tokens get new names in a copy, and where the store lists them for its cleanup: a running lakeFS
 * empties these partitions at any time.  Others stay as they are, unless another repository's
 * branch has one.
 */
static bool plan_tokens(Restore *restore, Error *error)
{
    bool renew_all =
        !slice_equal(buffer_slice(&restore->from.partition), buffer_slice(&restore->to.partition));
    ByteMap garbage = {0};
    ByteMap kept = {0};
    bool done = restore->ranges.read(restore->change, slice_text(KV_PARTITION_CLEANUP), (Slice){0},
                                     note_key, &garbage, error);

    for (const ByteMapItem *item = byte_map_first(&restore->from.tokens); done && item != NULL;
         item = byte_map_next(item)) {
        Slice token = byte_map_key(item);

        if (renew_all || byte_map_contains(&garbage, token)) {
            done = kv_repository_renew_token(&restore->from, &restore->to, token, error);
            restore->report.renewed_tokens++;
        } else {
            done = byte_map_add(&kept, token, NULL, error);
        }
    }
    done = done && stored_repositories_check_tokens(&restore->ranges, &restore->all,
                                                    slice_text(restore->id), &kept, error);
    for (const ByteMapItem *item = byte_map_first(&kept); done && item != NULL;
         item = byte_map_next(item)) {
        done = byte_map_add(&restore->to.tokens, byte_map_key(item), NULL, error);
    }
    byte_map_free(&garbage);
    byte_map_free(&kept);
    return done;
}

static bool read_uploads(Restore *restore, Error *error)
{
    return !restore->options->restore.multiparts ||
           restore->ranges.read(restore->change, slice_text(KV_PARTITION_MULTIPARTS), (Slice){0},
                                note_key, &restore->uploads, error);
}

static bool remove_range(Restore *restore, Slice partition, Slice prefix, Error *error)
{
    return restore->driver->remove(restore->change, partition, prefix, NULL,
                                   &restore->report.removed, error);
}

static bool check_staged(void *state, const Entry *entry, Slice tuple, Error *error)
{
    (void)tuple;
    return kv_repository_part(state, entry) != KV_PART_FOREIGN ||
           kv_repository_refuse_foreign(state, entry, error);
}

/* Only staged objects are removed by a staging token. */
static bool check_tokens(Restore *restore, KvRepository *repository, Error *error)
{
    const ByteMapItem *item = byte_map_first(&repository->tokens);
    bool done = true;

    for (; done && item != NULL; item = byte_map_next(item)) {
        done = restore->ranges.read(restore->change, byte_map_key(item), (Slice){0}, check_staged,
                                    repository, error);
    }
    return done;
}

/* Removes all but the repository's entry and its runs. */
static bool remove_repository(Restore *restore, KvRepository *repository, Error *error)
{
    const ByteMapItem *item = byte_map_first(&repository->tokens);
    bool done = check_tokens(restore, repository, error) &&
                remove_range(restore, buffer_slice(&repository->partition), (Slice){0}, error) &&
                remove_range(restore, slice_text(KV_PARTITION_PULLS),
                             buffer_slice(&repository->pulls), error);

    for (; done && item != NULL; item = byte_map_next(item)) {
        done = remove_range(restore, byte_map_key(item), (Slice){0}, error);
    }
    return done;
}

static bool remove_runs(Restore *restore, Error *error)
{
    return remove_range(restore, slice_text(KV_PARTITION_ACTIONS),
                        buffer_slice(&restore->to.actions), error);
}

/* Makes room: for what lakeFS leaves of a deleted repository, and for what is replaced if that can
 * be taken back. */
static bool remove_before(Restore *restore, Error *error)
{
    bool replaces_now = restore->replaces && restore->driver->is_atomic;

    return (!replaces_now || remove_repository(restore, &restore->old, error)) &&
           remove_repository(restore, &restore->to, error) &&
           ((restore->replaces && !replaces_now) || remove_runs(restore, error));
}

static bool remove_after(Restore *restore, Error *error)
{
    return !restore->replaces || restore->driver->is_atomic ||
           (remove_repository(restore, &restore->old, error) &&
            restore->driver->remove(restore->change, slice_text(KV_PARTITION_ACTIONS),
                                    buffer_slice(&restore->to.actions), &restore->run_keys,
                                    &restore->report.removed, error));
}

static bool write_entries(Restore *restore, Error *error)
{
    RestoreWriter writer = {
        .driver = restore->driver,
        .change = restore->change,
        .from = &restore->from,
        .to = &restore->to,
        .multiparts = restore->options->restore.multiparts,
        .known_uploads = &restore->uploads,
        .run_keys = restore->replaces && !restore->driver->is_atomic ? &restore->run_keys : NULL,
        .report = &restore->report};

    return restore_writer_run(&writer, restore->file, (size_t)restore->options->store.jobs, error);
}

static bool switch_record(Restore *restore, Error *error)
{
    const Entry record = {slice_text(KV_PARTITION_GRAVELER), buffer_slice(&restore->to.key),
                          buffer_slice(&restore->to.record)};
    const Slice old = buffer_slice(&restore->old.record);

    restore->report.removed += restore->replaces ? 1 : 0;
    return restore->driver->switch_record(restore->change, &record, restore->replaces ? &old : NULL,
                                          error);
}

/* From the first reading of the dump to the end. */
static bool restore_entries(Restore *restore, Error *error)
{
    const ImportOptions *options = restore->options;
    RestoreReport *report = &restore->report;

    *report = (RestoreReport){.id = options->restore.repository,
                              .source = &restore->from,
                              .target = &restore->to,
                              .replaced = restore->replaces ? &restore->old : NULL};
    return restore_source_read(restore->file, options->restore.repository,
                               (size_t)options->store.jobs, &restore->from, error) &&
           plan_copy(restore, error) && plan_tokens(restore, error) &&
           read_uploads(restore, error) && remove_before(restore, error) &&
           write_entries(restore, error) && interrupt_check(error) &&
           switch_record(restore, error) && remove_after(restore, error) &&
           restore_policies_find(&restore->ranges, &restore->to, &report->policies, error) &&
           interrupt_check(error) && restore->driver->end(restore->change, error);
}

static void free_restore(Restore *restore)
{
    restore->driver->close(restore->change);
    byte_map_free(&restore->all);
    byte_map_free(&restore->uploads);
    byte_map_free(&restore->run_keys);
    kv_repository_free(&restore->from);
    kv_repository_free(&restore->to);
    kv_repository_free(&restore->old);
    restore_report_free(&restore->report);
}

/* Measured on staged objects, PostgreSQL being local. */
static const ProgressPhase PHASES[] = {{"check", 1}, {"restore", 8}};

bool restore_repository(ImportOptions *options, Error *error)
{
    const RestoreOptions *what = &options->restore;
    Restore restore = {.options = options,
                       .file = options->file,
                       .driver = store_change_find(options->target),
                       .id = what->as == NULL ? what->repository : what->as};
    bool skip = false;
    bool done;

    progress_plan(PHASES, sizeof PHASES / sizeof PHASES[0]);
    done = (what->storage_namespace == NULL ||
            namespace_place_check(what->storage_namespace, error)) &&
           signals_start(restore.driver->cancel, error) &&
           progress_init(options->common.progress, error) && spool_dump(&restore.file, error) &&
           check_dump(&restore, error) && open_store(&restore, error) &&
           check_ids(&restore, error) && check_existing(&restore, &skip, error) &&
           (skip || restore_entries(&restore, error));

    if (done) {
        signals_finish();
    }
    progress_stop();
    done = done && (skip ? restore_report_skipped(restore.id, options->json, error)
                         : restore_report_print(&restore.report, options->json, error));
    free_restore(&restore);
    return done;
}
