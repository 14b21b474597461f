/*
 * Loading: each worker puts 25 entries into a request and waits for its answer, so there are as
 * many requests under way as workers, or chunks, where the dump has fewer.  What DynamoDB has not
 * written for want of capacity goes again.
 *
 * An entry is put whether it is there or not, so a request that was sent twice does no harm.
 */
#include "import/dynamodb.h"

#include "common/dump/entry.h"
#include "common/dynamodb/item.h"
#include "import/dynamodb_batch.h"

#include <stdlib.h>

struct Loader {
    Target *target;
    DynamoBatch batch;
};

bool dynamodb_begin_load(Target *target, Loader **loader, Error *error)
{
    Loader *l = calloc(1, sizeof *l);

    *loader = l;
    if (l == NULL) {
        return error_out_of_memory(error);
    }
    l->target = target;
    return true;
}

/* Waits until the rate allows what is about to be sent. */
static bool wait_for_units(Target *target, uint64_t units, Error *error)
{
    uint64_t wait_us = rate_limit_take(&target->rate, rate_limit_now_us(), units);

    return dynamo_wait(target->client, (uint32_t)((wait_us + 999) / 1000), error);
}

/* Sends a finished batch once; what was not written stays in it. */
static bool send_once(Loader *loader, Error *error)
{
    Target *target = loader->target;
    json_t *answer = NULL;
    DynamoFault fault;
    bool done = wait_for_units(target, loader->batch.units, error) &&
                dynamo_call(target->client, "BatchWriteItem", buffer_slice(&loader->batch.json),
                            &answer, &fault, error) &&
                dynamo_batch_keep_unprocessed(&loader->batch, dynamo_client_table(target->client),
                                              answer, error);

    json_decref(answer);
    return done;
}

static bool send_batch(Loader *loader, Error *error)
{
    unsigned attempt = 0;
    Slice request;

    if (loader->batch.items == 0) {
        return true;
    }
    if (!dynamo_batch_finish(&loader->batch, &request, error)) {
        return false;
    }
    for (;;) {
        size_t before = loader->batch.items;

        if (!send_once(loader, error)) {
            return false;
        }
        if (loader->batch.items == 0) {
            return true;
        }
        /* As long as it goes on, it may be slow. */
        attempt = loader->batch.items < before ? 1 : attempt + 1;
        if (!dynamo_back_off(loader->target->client, attempt, error)) {
            return false;
        }
    }
}

bool dynamodb_load(Loader *loader, Slice tuples, uint64_t entries, Error *error)
{
    const char *problem;
    Entry entry;

    (void)entries;
    /* dump_chunk_unpack has made sure that they are whole. */
    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        if (!dynamo_item_check(&entry, error) ||
            (!dynamo_batch_has_room(&loader->batch, &entry) && !send_batch(loader, error)) ||
            !dynamo_batch_add(&loader->batch, dynamo_client_table(loader->target->client), &entry,
                              error)) {
            return false;
        }
    }
    return true;
}

bool dynamodb_end_load(Loader *loader, bool keep, Error *error)
{
    bool done;

    if (loader == NULL) {
        return true;
    }
    done = !keep || send_batch(loader, error);
    dynamo_batch_free(&loader->batch);
    free(loader);
    return done;
}
