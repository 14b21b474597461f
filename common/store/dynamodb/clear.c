/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empties a table without deleting it: somebody created it, and with it would go what it has
 * besides items (capacity, encryption, backups, tags ...).
 */
#include "common/store/dynamodb/target.h"

#include "common/cli/progress.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/scan.h"

/* The state of one thread. */
typedef struct Clearer {
    DynamoSenders *senders;
    DynamoBatch batch;
    Buffer bytes;
} Clearer;

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
            (!dynamodb_is_version(&entry) &&
             !dynamo_senders_delete(clearer->senders, &clearer->batch, &entry, error))) {
            return false;
        }
    }
    progress_add(json_array_size(items), 0);
    return true;
}

static bool clear_segments(void *shared, DynamoSegments *segments, Error *error)
{
    const Target *target = shared;
    Clearer clearer = {.senders = target->senders};
    bool done = dynamo_segments_read(segments, true, delete_page, &clearer, error) &&
                dynamo_senders_submit(clearer.senders, &clearer.batch, error);

    dynamo_batch_free(&clearer.batch);
    buffer_free(&clearer.bytes);
    return done;
}

bool dynamodb_clear(Target *target, Error *error)
{
    progress_begin("clear", target->info.item_count);
    if (!dynamo_scan(target->client, (size_t)target->options->jobs, clear_segments, target,
                     error) ||
        !dynamo_senders_drain(target->senders, error)) {
        return false;
    }
    progress_end();
    return true;
}
