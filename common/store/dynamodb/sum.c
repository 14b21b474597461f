/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a whole table after a load: how many entries it has, and their set digest.
 */
#include "common/store/dynamodb/target.h"

#include "common/cli/progress.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/scan.h"

#include <pthread.h>

typedef struct Summing {
    pthread_mutex_t mutex; /* guards the sum */
    EntriesSum sum;
} Summing;

/* The state of one thread. */
typedef struct Summer {
    EntriesSum sum;
    Buffer bytes;
    Buffer tuple;
} Summer;

static bool sum_page(const json_t *items, void *state, Error *error)
{
    Summer *summer = state;
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        Entry entry;

        if (!dynamo_item_read(item, &summer->bytes, &entry, error)) {
            return false;
        }
        if (dynamodb_is_version(&entry)) {
            continue;
        }
        if (!dynamo_item_tuple(&entry, &summer->tuple, error)) {
            return false;
        }
        summer->sum.entries++;
        set_digest_add_tuple(&summer->sum.digest, buffer_slice(&summer->tuple));
    }
    progress_add(json_array_size(items), 0);
    return true;
}

static bool sum_segments(void *shared, DynamoSegments *segments, Error *error)
{
    Summing *summing = shared;
    Summer summer = {0};
    bool done = dynamo_segments_read(segments, false, sum_page, &summer, error);

    pthread_mutex_lock(&summing->mutex);
    summing->sum.entries += summer.sum.entries;
    set_digest_add(&summing->sum.digest, summer.sum.digest);
    pthread_mutex_unlock(&summing->mutex);
    buffer_free(&summer.bytes);
    buffer_free(&summer.tuple);
    return done;
}

bool dynamodb_sum(Target *target, uint64_t expected, EntriesSum *sum, Error *error)
{
    Summing summing = {.sum = {0}};
    bool done;

    pthread_mutex_init(&summing.mutex, NULL);
    progress_begin("verify", expected);
    done = dynamo_scan(target->client, (size_t)target->options->dynamodb.requests, sum_segments,
                       &summing, error);
    if (done) {
        progress_end();
    }
    pthread_mutex_destroy(&summing.mutex);
    *sum = summing.sum;
    return done;
}
