/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/merge.h"

#include "common/base/buffer.h"
#include "common/base/byte_map.h"
#include "common/base/bytes.h"
#include "common/base/interrupt.h"
#include "common/base/printable.h"
#include "common/base/temporary_file.h"
#include "common/base/workers.h"
#include "common/kv/entry.h"
#include "common/store/dynamodb/batch.h"
#include "common/store/dynamodb/entry_index.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/point.h"
#include "common/store/dynamodb/range.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* The file has blocks of tuples, each after its size, four bytes.  A block is what a thread takes
 * at a time. */
enum { BLOCK_PREFIX = 4, BLOCK_SIZE = 64 * 1024 };

struct DynamoMerge {
    int fd;
    uint64_t size; /* of the file */
    Buffer block;  /* not in the file yet */
    uint64_t entries;
    ByteMap partitions; /* of the entries */
    EntryIndex *index;  /* NULL until the table is compared */
};

bool dynamo_merge_new(DynamoMerge **merge, Error *error)
{
    DynamoMerge *m = calloc(1, sizeof *m);

    *merge = m;
    if (m == NULL) {
        return error_out_of_memory(error);
    }
    m->fd = -1;
    return temporary_file_open(&m->fd, error);
}

void dynamo_merge_free(DynamoMerge *merge)
{
    if (merge == NULL) {
        return;
    }
    if (merge->fd >= 0) {
        close(merge->fd);
    }
    buffer_wipe(&merge->block);
    byte_map_free(&merge->partitions);
    entry_index_free(merge->index);
    free(merge);
}

static bool flush_block(DynamoMerge *merge, Error *error)
{
    uint8_t prefix[BLOCK_PREFIX];

    if (merge->block.size == 0) {
        return true;
    }
    store_le32(prefix, (uint32_t)merge->block.size);
    if (!temporary_file_write(merge->fd, slice_of(prefix, sizeof prefix), error) ||
        !temporary_file_write(merge->fd, buffer_slice(&merge->block), error)) {
        return false;
    }
    merge->size += sizeof prefix + merge->block.size;
    merge->block.size = 0;
    return true;
}

bool dynamo_merge_collect(DynamoMerge *merge, Slice tuples, Error *error)
{
    const char *problem;
    Entry entry;
    Slice tuple;

    while (tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        if (!dynamo_item_check(&entry, error) ||
            !byte_map_add(&merge->partitions, entry.partition_key, NULL, error) ||
            !buffer_append(&merge->block, tuple.data, tuple.size, error) ||
            (merge->block.size >= BLOCK_SIZE && !flush_block(merge, error))) {
            return false;
        }
        merge->entries++;
    }
    return true;
}

/* What the threads that go through the collected entries share. */
typedef struct Pass {
    DynamoMerge *merge;
    const DynamoMergeWriters *writers;
    ExistingAction action;
    pthread_mutex_t mutex; /* guards what follows */
    uint64_t offset;       /* of the next block */
    uint64_t kept;         /* entries that came to be there with another value */
} Pass;

/* Reads the next block; *end: there is none. */
static bool take_block(Pass *pass, Buffer *block, bool *end, Error *error)
{
    const DynamoMerge *merge = pass->merge;
    uint8_t prefix[BLOCK_PREFIX];
    uint64_t offset;
    bool done = true;

    pthread_mutex_lock(&pass->mutex);
    offset = pass->offset + sizeof prefix;
    *end = pass->offset >= merge->size;
    if (!*end) {
        done = temporary_file_read(merge->fd, pass->offset, prefix, sizeof prefix, error);
        block->size = 0;
        pass->offset = offset + load_le32(prefix);
    }
    pthread_mutex_unlock(&pass->mutex);
    if (*end || !done) {
        return done;
    }
    if (!buffer_reserve(block, load_le32(prefix), error) ||
        !temporary_file_read(merge->fd, offset, block->data, load_le32(prefix), error)) {
        return false;
    }
    block->size = load_le32(prefix);
    return interrupt_check(error);
}

typedef bool BlockFunction(Pass *pass, Slice tuples, Error *error);

static bool visit_blocks(Pass *pass, BlockFunction *function, Error *error)
{
    Buffer block = {0};
    bool end = false;
    bool done = true;

    while (done && !end) {
        done = take_block(pass, &block, &end, error) &&
               (end || function(pass, buffer_slice(&block), error));
    }
    buffer_wipe(&block);
    return done;
}

static bool add_to_index(Pass *pass, Slice tuples, Error *error)
{
    const char *problem;
    Entry entry;
    Slice tuple;

    while (tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        if (!entry_index_add(pass->merge->index, &entry, tuple, 0, error)) {
            return false;
        }
    }
    return true;
}

typedef struct Comparing {
    EntryIndex *index;
    MergeCounts *counts;
    Buffer example; /* names an entry that differs */
} Comparing;

static bool compare_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    Comparing *comparing = state;
    MergeCounts *counts = comparing->counts;
    EntryMatch match;
    uint16_t units;

    if (!entry_index_compare(comparing->index, entry, tuple, true, &match, &units, error)) {
        return false;
    }
    counts->equal += match == ENTRY_EQUAL ? 1 : 0;
    if (match != ENTRY_DIFFERENT) {
        return true;
    }
    return counts->different++ > 0 ||
           buffer_append_format(&comparing->example, error, "%s\", key \"%s",
                                PRINTABLE_NAME(entry->partition_key), PRINTABLE_NAME(entry->key));
}

/* Counts the entries that the table has. */
static bool compare(Pass *pass, MergeCounts *counts, Error *error)
{
    DynamoMerge *merge = pass->merge;
    Comparing comparing = {.counts = counts};
    const ByteMapItem *item = byte_map_first(&merge->partitions);
    bool done = entry_index_new(merge->entries, &merge->index, error) &&
                visit_blocks(pass, add_to_index, error);

    comparing.index = merge->index;
    for (; done && item != NULL; item = byte_map_next(item)) {
        done = dynamo_range_read(pass->writers->client, byte_map_key(item), (Slice){0},
                                 compare_entry, &comparing, error);
    }
    if (done && counts->different > 0 && pass->action == EXISTING_REFUSE) {
        done = store_change_refuse_different(counts, buffer_string(&comparing.example), error);
    }
    buffer_free(&comparing.example);
    return done;
}

/* Writes an entry that the table lacked; it may have one by now. */
static bool add_entry(Pass *pass, const Entry *entry, Error *error)
{
    const DynamoMergeWriters *writers = pass->writers;
    uint64_t wait_us = rate_limit_take(writers->rate, rate_limit_now_us(),
                                       dynamo_item_units(dynamo_item_size(entry)));
    bool written;

    if (!dynamo_wait(writers->client, (uint32_t)((wait_us + 999) / 1000), error) ||
        !dynamo_point_add(writers->client, entry, &written, error)) {
        return false;
    }
    if (written) {
        return true;
    }
    if (pass->action == EXISTING_REFUSE) {
        error_set(error, EXIT_CODE_REFUSED,
                  "another program has written an entry that was to be restored: partition "
                  "\"%s\", key \"%s\"",
                  PRINTABLE_NAME(entry->partition_key), PRINTABLE_NAME(entry->key));
        return error_hint(error, "It is left as it is; other entries may have been restored. Run "
                                 "again: these are found equal then.");
    }
    pthread_mutex_lock(&pass->mutex);
    pass->kept++;
    pthread_mutex_unlock(&pass->mutex);
    return true;
}

static bool add_entries(Pass *pass, Slice tuples, Error *error)
{
    const char *problem;
    Entry entry;
    bool equal;

    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        if (!entry_index_is_equal(pass->merge->index, &entry, &equal, error) ||
            (!equal && !add_entry(pass, &entry, error))) {
            return false;
        }
    }
    return true;
}

static bool run_adder(void *shared, size_t number, Error *error)
{
    (void)number;
    return visit_blocks(shared, add_entries, error);
}

static void stop_adders(void *shared)
{
    const Pass *pass = shared;

    dynamo_client_stop(pass->writers->client);
}

/* Writes what differs, and what the table lacks, whatever it has by now. */
static bool put_entries(Pass *pass, Slice tuples, Error *error)
{
    DynamoSenders *senders = pass->writers->senders;
    DynamoBatch batch = {0};
    const char *problem;
    Entry entry;
    bool equal;
    bool done = true;

    while (done && tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        done = entry_index_is_equal(pass->merge->index, &entry, &equal, error) &&
               (equal || dynamo_senders_put(senders, &batch, &entry, error));
    }
    done = done && dynamo_senders_submit(senders, &batch, error);
    dynamo_batch_free(&batch);
    return done;
}

static bool write_entries(Pass *pass, Error *error)
{
    if (pass->action == EXISTING_OVERWRITE) {
        return visit_blocks(pass, put_entries, error) &&
               dynamo_senders_drain(pass->writers->senders, error);
    }
    return workers_run(pass->writers->requests, run_adder, pass, stop_adders, error);
}

bool dynamo_merge_run(DynamoMerge *merge, const DynamoMergeWriters *writers, ExistingAction action,
                      MergeCounts *counts, Error *error)
{
    Pass pass = {.merge = merge, .writers = writers, .action = action};
    bool done;

    *counts = (MergeCounts){0};
    pthread_mutex_init(&pass.mutex, NULL);
    done = flush_block(merge, error) && compare(&pass, counts, error);
    pass.offset = 0;
    done = done && write_entries(&pass, error);
    counts->added = merge->entries - counts->equal - counts->different;
    if (action == EXISTING_SKIP && pass.kept > counts->different) {
        counts->added -= pass.kept - counts->different;
        counts->different = pass.kept;
    }
    pthread_mutex_destroy(&pass.mutex);
    return done;
}
