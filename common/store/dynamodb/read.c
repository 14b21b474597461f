/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KV store in DynamoDB, read in segments by several threads.
 *
 * DynamoDB has no snapshots: each page is read at its own time.  If another program writes
 * meanwhile, the result may be a state that never existed.
 */
#include "common/store/store.h"

#include "common/base/workers.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/range.h"
#include "common/store/dynamodb/scan.h"
#include "common/store/dynamodb/table.h"

#include <stdlib.h>

struct Store {
    const StoreOptions *options;
    DynamoClient *client;
    DynamoTableInfo info;
    char time[MESSAGE_NOW_SIZE];
};

typedef struct Reading {
    Store *store;
    const EntryVisitor *visitor;
    void *state;
    WorkPieces segments;
} Reading;

/* The state of one thread: the visitor's worker, and the current entry as item and as tuple. */
typedef struct Reader {
    Reading *reading;
    void *worker;
    Buffer bytes;
    Buffer tuple;
} Reader;

static bool open_store(const StoreOptions *options, Store **store, uint64_t *version, Error *error)
{
    Store *s = calloc(1, sizeof *s);

    *store = s;
    if (s == NULL) {
        return error_out_of_memory(error);
    }
    s->options = options;
    if (!dynamo_client_open(options->dynamodb, options->pg->program, &s->client, error) ||
        !dynamo_table_inspect(s->client, &s->info, error)) {
        return false;
    }
    if (s->info.state == KV_STORE_NONE) {
        error_set(error, EXIT_CODE_REFUSED, "there is no DynamoDB table \"%s\" in region \"%s\"",
                  dynamo_client_table(s->client), dynamo_client_region(s->client));
        return error_hint(error, "Name the table with --dynamodb-table, its region with "
                                 "--aws-region.");
    }
    *version = s->info.version;
    message_now_seconds(s->time);
    return true;
}

static void close_store(Store *store)
{
    if (store != NULL) {
        dynamo_table_info_free(&store->info);
        dynamo_client_close(store->client);
        free(store);
    }
}

static bool describe(Store *store, StoreInfo *info, Error *error)
{
    (void)error;
    *info = (StoreInfo){
        .database = dynamo_client_table(store->client),
        .schema = dynamo_client_region(store->client),
        .server_version = "",
        .system_identifier = "",
        .snapshot = "",
        .time = store->time,
        .estimated_entries = store->info.item_count,
    };
    return true;
}

static void stop_reading(void *shared)
{
    Reading *reading = shared;

    store_stop(&reading->segments, reading->visitor, reading->state);
}

/* Passes an item to the visitor, except the version's. */
static bool visit_item(Reader *reader, const json_t *item, uint64_t *bytes, Error *error)
{
    Entry entry;

    if (!dynamo_item_read(item, &reader->bytes, &entry, error)) {
        return false;
    }
    if (slice_equal(entry.partition_key, slice_text(KV_PARTITION_INTERNAL))) {
        return true;
    }
    if (!dynamo_item_tuple(&entry, &reader->tuple, error)) {
        return false;
    }
    *bytes += reader->tuple.size;
    return reader->reading->visitor->visit(reader->worker, &entry, buffer_slice(&reader->tuple),
                                           error);
}

static bool visit_page(const json_t *items, void *state, Error *error)
{
    const json_t *item;
    uint64_t bytes = 0;
    size_t i;

    json_array_foreach(items, i, item)
    {
        if (!visit_item(state, item, &bytes, error)) {
            return false;
        }
    }
    progress_add(json_array_size(items), bytes);
    return true;
}

static bool read_segment(void *state, size_t segment, void *worker, Error *error)
{
    Reader *reader = state;

    reader->worker = worker;
    return dynamo_scan_segment(reader->reading->store->client, segment, false, visit_page, reader,
                               error);
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    Reading *reading = shared;
    Reader reader = {.reading = reading};
    bool done;

    (void)number;
    done = store_read_parts(&reading->segments, reading->visitor, reading->state, read_segment,
                            &reader, error);
    buffer_free(&reader.bytes);
    buffer_free(&reader.tuple);
    return done;
}

static bool read_store(Store *store, const EntryVisitor *visitor, void *state, Error *error)
{
    Reading reading = {.store = store, .visitor = visitor, .state = state};

    work_pieces_init(&reading.segments, DYNAMO_SEGMENTS);
    return workers_run((size_t)store->options->jobs, run_worker, &reading, stop_reading, error);
}

static bool read_range(void *store, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error)
{
    const Store *s = store;

    return dynamo_range_read(s->client, partition, prefix, function, function_state, error);
}

/* Requests are aborted when the program is asked to stop. */
static bool cancel(void)
{
    return true;
}

const StoreDriver STORE_DYNAMODB = {
    .name = "dynamodb",
    .cancel = cancel,
    .open = open_store,
    .describe = describe,
    .read = read_store,
    .read_range = read_range,
    .close = close_store,
};
