/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what a table lacks of a dump, and what it has besides, before anything is written: the
 * entries of the dump are in an index, and every item of the table is looked up there.  The keys of
 * items to delete are kept in a temporary file.
 */
#include "common/store/dynamodb/target.h"

#include "common/base/bytes.h"
#include "common/base/temporary_file.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/kv/entry.h"
#include "common/store/dynamodb/entry_index.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/scan.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Before each pair of keys in the file: their sizes, four bytes each. */
enum { KEYS_PREFIX = 8, KEYS_FLUSHED = 64 * 1024 };

/* What must be written, and what that costs.  The units of what differs are counted apart, as an
 * item that is replaced costs what the larger of the two does. */
typedef struct Work {
    uint64_t equal;
    uint64_t changed;
    uint64_t deleted;
    uint64_t equal_units;   /* of the dump's entries */
    uint64_t changed_units; /* of what is above the units of the dump's entries */
    uint64_t deleted_units;
    uint64_t bytes; /* read */
} Work;

struct DynamoComparison {
    EntryIndex *index;
    atomic_uint_fast64_t entries; /* of the dump */
    atomic_uint_fast64_t units;   /* to write them all */
    pthread_mutex_t mutex;        /* guards what follows */
    int extra;                    /* keys to delete; -1: none */
    uint64_t extra_size;
    Work work;
};

/* The state of one thread. */
typedef struct Comparer {
    DynamoComparison *comparison;
    Buffer bytes;
    Buffer tuple;
    Buffer extra; /* to be appended to the file */
    Work work;
} Comparer;

bool dynamodb_compares(const Target *target)
{
    return target->options->clean && target->info.state >= KV_STORE_STARTED;
}

bool dynamodb_expect(Target *target, uint64_t entries, bool *compared, Error *error)
{
    DynamoComparison *comparison;

    *compared = dynamodb_compares(target);
    if (!*compared) {
        return true;
    }
    comparison = calloc(1, sizeof *comparison);
    target->comparison = comparison;
    if (comparison == NULL) {
        return error_out_of_memory(error);
    }
    atomic_init(&comparison->entries, 0);
    atomic_init(&comparison->units, 0);
    pthread_mutex_init(&comparison->mutex, NULL);
    comparison->extra = -1;
    return entry_index_new(entries, &comparison->index, error);
}

void dynamodb_comparison_free(DynamoComparison *comparison)
{
    if (comparison == NULL) {
        return;
    }
    if (comparison->extra >= 0) {
        close(comparison->extra);
    }
    pthread_mutex_destroy(&comparison->mutex);
    entry_index_free(comparison->index);
    free(comparison);
}

bool dynamodb_remember(Target *target, Slice tuples, Error *error)
{
    DynamoComparison *comparison = target->comparison;
    uint64_t entries = 0;
    uint64_t units = 0;
    const char *problem;
    Entry entry;
    Slice tuple;

    while (tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        uint64_t own = dynamo_item_units(dynamo_item_size(&entry));

        if (!dynamo_item_check(&entry, error) ||
            !entry_index_add(comparison->index, &entry, tuple, (uint16_t)own, error)) {
            return false;
        }
        entries++;
        units += own;
    }
    atomic_fetch_add(&comparison->entries, entries);
    atomic_fetch_add(&comparison->units, units);
    return true;
}

bool dynamodb_has_equal(Target *target, const Entry *entry, bool *equal, Error *error)
{
    *equal = false;
    return target->comparison == NULL ||
           entry_index_is_equal(target->comparison->index, entry, equal, error);
}

/* Moves the keys to the file. */
static bool flush_extra(Comparer *comparer, Error *error)
{
    DynamoComparison *comparison = comparer->comparison;
    bool done = true;

    if (comparer->extra.size == 0) {
        return true;
    }
    pthread_mutex_lock(&comparison->mutex);
    if (comparison->extra < 0) {
        done = temporary_file_open(&comparison->extra, error);
    }
    done = done && temporary_file_write(comparison->extra, buffer_slice(&comparer->extra), error);
    comparison->extra_size += comparer->extra.size;
    pthread_mutex_unlock(&comparison->mutex);
    comparer->extra.size = 0;
    return done;
}

static bool append_extra(Comparer *comparer, const Entry *entry, Error *error)
{
    uint8_t sizes[KEYS_PREFIX];

    store_le32(sizes, (uint32_t)entry->partition_key.size);
    store_le32(sizes + 4, (uint32_t)entry->key.size);
    return buffer_append(&comparer->extra, sizes, sizeof sizes, error) &&
           buffer_append(&comparer->extra, entry->partition_key.data, entry->partition_key.size,
                         error) &&
           buffer_append(&comparer->extra, entry->key.data, entry->key.size, error) &&
           (comparer->extra.size < KEYS_FLUSHED || flush_extra(comparer, error));
}

static bool count_item(Comparer *comparer, const Entry *entry, EntryMatch match, uint16_t units,
                       Error *error)
{
    Work *work = &comparer->work;
    uint64_t own = dynamo_item_units(dynamo_item_size(entry));

    switch (match) {
    case ENTRY_EQUAL:
        work->equal++;
        work->equal_units += units;
        return true;
    case ENTRY_DIFFERENT:
        work->changed++;
        work->changed_units += own > units ? own - units : 0;
        return true;
    case ENTRY_UNKNOWN:
        break;
    }
    work->deleted++;
    work->deleted_units += own;
    return append_extra(comparer, entry, error);
}

static bool compare_item(Comparer *comparer, const json_t *item, Error *error)
{
    bool plain = dynamo_item_is_plain(item);
    EntryMatch match;
    uint16_t units;
    Entry entry = {0};

    if (plain ? !dynamo_item_read(item, &comparer->bytes, &entry, error)
              : !dynamo_item_read_keys(item, &comparer->bytes, &entry.partition_key, &entry.key,
                                       error)) {
        return false;
    }
    comparer->work.bytes += dynamo_item_size(&entry);
    return dynamodb_is_version(&entry) ||
           (dynamo_item_tuple(&entry, &comparer->tuple, error) &&
            entry_index_compare(comparer->comparison->index, &entry, buffer_slice(&comparer->tuple),
                                plain, &match, &units, error) &&
            count_item(comparer, &entry, match, units, error));
}

static bool compare_page(const json_t *items, void *state, Error *error)
{
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        if (!compare_item(state, item, error)) {
            return false;
        }
    }
    progress_add(json_array_size(items), 0);
    return true;
}

static void add_work(DynamoComparison *comparison, const Work *work)
{
    Work *sum = &comparison->work;

    pthread_mutex_lock(&comparison->mutex);
    sum->equal += work->equal;
    sum->changed += work->changed;
    sum->deleted += work->deleted;
    sum->equal_units += work->equal_units;
    sum->changed_units += work->changed_units;
    sum->deleted_units += work->deleted_units;
    sum->bytes += work->bytes;
    pthread_mutex_unlock(&comparison->mutex);
}

static bool compare_segments(void *shared, DynamoSegments *segments, Error *error)
{
    Comparer comparer = {.comparison = shared};
    bool done = dynamo_segments_read(segments, false, compare_page, &comparer, error) &&
                flush_extra(&comparer, error);

    add_work(comparer.comparison, &comparer.work);
    buffer_free(&comparer.bytes);
    buffer_free(&comparer.tuple);
    buffer_free(&comparer.extra);
    return done;
}

/* Says what the comparison will cost, as far as DynamoDB's own count is up to date. */
static void announce_reads(const Target *target)
{
    if (target->info.size > 0) {
        message_info("comparing with table \"%s\": about %" PRIu64 " read capacity units",
                     dynamo_client_table(target->client), dynamo_read_units(target->info.size));
    }
}

/* Says what is about to be written and what that will cost; then the table is read again. */
static void announce_writes(const DynamoComparison *comparison)
{
    const Work *work = &comparison->work;
    uint64_t entries = atomic_load(&comparison->entries);
    uint64_t units = atomic_load(&comparison->units) - work->equal_units + work->changed_units +
                     work->deleted_units;

    message_info("to write: %" PRIu64 " new, %" PRIu64 " changed; to delete: %" PRIu64
                 "; unchanged: %" PRIu64,
                 entries - work->equal - work->changed, work->changed, work->deleted, work->equal);
    message_info("cost: %" PRIu64
                 " write capacity units, those of the version's item besides, and about %" PRIu64
                 " read capacity units to check the result",
                 units, dynamo_read_units(work->bytes));
}

/* Whether the store holds what the dump does already, and no database is to be stamped beside it.
 */
static bool is_done(const Target *target, uint64_t version)
{
    const Work *work = &target->comparison->work;

    return target->info.state == KV_STORE_STAMPED && target->info.version == version &&
           !target->options->dynamodb.has_database && work->changed == 0 && work->deleted == 0 &&
           work->equal == atomic_load(&target->comparison->entries);
}

bool dynamodb_compare(Target *target, uint64_t version, bool *equal, Error *error)
{
    announce_reads(target);
    progress_begin("compare", target->info.item_count);
    if (!dynamo_scan(target->client, (size_t)target->options->jobs, compare_segments,
                     target->comparison, error)) {
        return false;
    }
    progress_end();
    *equal = is_done(target, version);
    if (!*equal) {
        announce_writes(target->comparison);
    }
    return true;
}

/* Deletes the item of one pair of keys in the file; *offset is moved behind it. */
static bool delete_extra(Target *target, DynamoBatch *batch, Buffer *keys, uint64_t *offset,
                         Error *error)
{
    const int file = target->comparison->extra;
    uint8_t sizes[KEYS_PREFIX];
    Entry entry = {0};
    size_t size;

    if (!temporary_file_read(file, *offset, sizes, sizeof sizes, error)) {
        return false;
    }
    size = (size_t)load_le32(sizes) + load_le32(sizes + 4);
    keys->size = 0;
    if (!buffer_reserve(keys, size, error) ||
        !temporary_file_read(file, *offset + sizeof sizes, keys->data, size, error)) {
        return false;
    }
    entry.partition_key = slice_of(keys->data, load_le32(sizes));
    entry.key = slice_of(keys->data + entry.partition_key.size, load_le32(sizes + 4));
    *offset += sizeof sizes + size;
    progress_add(1, 0);
    return dynamo_senders_delete(target->senders, batch, &entry, error);
}

bool dynamodb_delete_extra(Target *target, Error *error)
{
    const DynamoComparison *comparison = target->comparison;
    DynamoBatch batch = {0};
    Buffer keys = {0};
    uint64_t offset = 0;
    bool done = true;

    progress_begin("delete", comparison->work.deleted);
    while (done && offset < comparison->extra_size) {
        done = delete_extra(target, &batch, &keys, &offset, error);
    }
    done = done && dynamo_senders_submit(target->senders, &batch, error) &&
           dynamo_senders_drain(target->senders, error);
    if (done) {
        progress_end();
    }
    dynamo_batch_free(&batch);
    buffer_free(&keys);
    return done;
}
