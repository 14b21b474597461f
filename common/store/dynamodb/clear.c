/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empties a table without deleting it: somebody created it, and with it would go what it has
 * besides items (capacity, encryption, backups, tags ...).
 */
#include "common/store/dynamodb/target.h"

#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/scan.h"

typedef struct Clearing {
    Target *target;
    WorkPieces segments;
} Clearing;

/* The state of one thread. */
typedef struct Clearer {
    DynamoSenders *senders;
    DynamoBatch batch;
    Buffer bytes;
} Clearer;

/* The version's item is kept: it records that a load has begun. */
static bool is_version(const Entry *entry)
{
    return slice_equal(entry->partition_key, slice_text(KV_PARTITION_INTERNAL)) &&
           slice_equal(entry->key, slice_text(KV_VERSION_KEY));
}

static bool delete_page(const json_t *items, void *state, Error *error)
{
    Clearer *clearer = state;
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        Entry entry = {0};

        if (!dynamo_item_read_keys(item, &clearer->bytes, &entry.partition_key, &entry.key,
                                   error) ||
            (!is_version(&entry) &&
             !dynamo_senders_delete(clearer->senders, &clearer->batch, &entry, error))) {
            return false;
        }
    }
    progress_add(json_array_size(items), 0);
    return true;
}

static bool clear_segments(void *shared, size_t number, Error *error)
{
    Clearing *clearing = shared;
    Clearer clearer = {.senders = clearing->target->senders};
    bool done = true;
    size_t segment;

    (void)number;
    while (done && work_pieces_take(&clearing->segments, &segment)) {
        done = dynamo_scan_segment(clearing->target->client, segment, true, delete_page, &clearer,
                                   error);
    }
    done = done && dynamo_senders_submit(clearer.senders, &clearer.batch, error);
    dynamo_batch_free(&clearer.batch);
    buffer_free(&clearer.bytes);
    return done;
}

static void stop_clearing(void *shared)
{
    Clearing *clearing = shared;

    work_pieces_stop(&clearing->segments);
}

bool dynamodb_clear(Target *target, Error *error)
{
    Clearing clearing = {.target = target};

    work_pieces_init(&clearing.segments, DYNAMO_SEGMENTS);
    progress_begin("clear", target->info.item_count);
    if (!workers_run((size_t)target->options->jobs, clear_segments, &clearing, stop_clearing,
                     error) ||
        !dynamo_senders_drain(target->senders, error)) {
        return false;
    }
    progress_end();
    return true;
}
