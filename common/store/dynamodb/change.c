/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to a table in use.  Each request takes effect by itself, so nothing must refer to entries
 * before they are all there: the repository's entry is written last, on a condition.
 */
#include "common/store/change.h"

#include "common/base/base64.h"
#include "common/store/dynamodb/batch.h"
#include "common/store/dynamodb/item.h"
#include "common/store/dynamodb/merge.h"
#include "common/store/dynamodb/range.h"
#include "common/store/dynamodb/rate_limit.h"
#include "common/store/dynamodb/senders.h"
#include "common/store/dynamodb/table.h"

#include <stdlib.h>

struct StoreChange {
    DynamoClient *client;
    RateLimit rate;
    DynamoSenders *senders;
    DynamoBatch batch;
    size_t requests;
    DynamoMerge *merge; /* NULL: nothing was collected */
};

static bool refuse_unstamped(const StoreChange *change, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the DynamoDB table \"%s\" is no stamped KV store",
              dynamo_client_table(change->client));
    return error_hint(error, "A part of a dump is restored into a store in use. To load a whole "
                             "dump, omit --repository and --package.");
}

static bool open_change(const TargetOptions *options, StoreChange **change, uint64_t *version,
                        Error *error)
{
    DynamoTableInfo info = {0};
    StoreChange *c = calloc(1, sizeof *c);
    bool done;

    *change = c;
    if (c == NULL) {
        return error_out_of_memory(error);
    }
    rate_limit_init(&c->rate, options->dynamodb.write_units);
    c->requests = (size_t)options->dynamodb.requests;
    done = dynamo_client_open(&options->dynamodb.table, "kv-import", &c->client, error) &&
           dynamo_table_inspect(c->client, &info, error) &&
           (info.state == KV_STORE_STAMPED || refuse_unstamped(c, error)) &&
           dynamo_senders_start(c->client, &c->rate, c->requests, DYNAMO_STALL_TIMEOUT_S,
                                &c->senders, error);
    *version = info.version;
    dynamo_table_info_free(&info);
    return done;
}

static bool read_range(void *change, Slice partition, Slice prefix, EntryFunction *function,
                       void *function_state, Error *error)
{
    const StoreChange *c = change;

    return dynamo_range_read(c->client, partition, prefix, function, function_state, error);
}

/* Waits until everything so far is done: requests run in parallel, so that their order is not
 * certain otherwise. */
static bool drain(StoreChange *change, Error *error)
{
    return dynamo_senders_submit(change->senders, &change->batch, error) &&
           dynamo_senders_drain(change->senders, error);
}

typedef struct Removal {
    StoreChange *change;
    const ByteMap *kept; /* NULL: none */
    uint64_t *count;
} Removal;

static bool remove_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    const Removal *removal = state;
    const Entry key = {entry->partition_key, entry->key, {0}};

    (void)tuple;
    if (removal->kept != NULL && byte_map_contains(removal->kept, entry->key)) {
        return true;
    }
    ++*removal->count;
    return dynamo_senders_delete(removal->change->senders, &removal->change->batch, &key, error);
}

static bool remove_range(StoreChange *change, Slice partition, Slice prefix, const ByteMap *kept,
                         uint64_t *count, Error *error)
{
    Removal removal = {change, kept, count};

    return dynamo_range_read(change->client, partition, prefix, remove_entry, &removal, error) &&
           drain(change, error);
}

static bool put(StoreChange *change, Slice tuples, Error *error)
{
    const char *problem;
    Entry entry;

    while (tuples.size > 0 && entry_next(&tuples, &entry, &problem)) {
        if (!dynamo_item_check(&entry, error) ||
            !dynamo_senders_put(change->senders, &change->batch, &entry, error)) {
            return false;
        }
    }
    return true;
}

/* The parameters of PutItem: the item, on condition that there is none, or one with this value. */
static bool append_put(const StoreChange *change, const Entry *record, const Slice *replaced,
                       Buffer *json, Error *error)
{
    if (!buffer_append_format(
            json, error, "{\"TableName\":\"%s\",\"Item\":", dynamo_client_table(change->client)) ||
        !dynamo_item_append(json, record, error)) {
        return false;
    }
    if (replaced == NULL) {
        return buffer_append_text(
            json, ",\"ConditionExpression\":\"attribute_not_exists(" DYNAMO_PARTITION_KEY ")\"}",
            error);
    }
    return buffer_append_text(json,
                              ",\"ConditionExpression\":\"" DYNAMO_ITEM_VALUE " = :v\","
                              "\"ExpressionAttributeValues\":{\":v\":{\"B\":\"",
                              error) &&
           base64_append(json, *replaced, error) && buffer_append_text(json, "\"}}}", error);
}

/* Whether the store has the entry: a request whose response was lost has perhaps been executed. */
typedef struct Search {
    const Entry *wanted;
    bool found;
} Search;

static bool compare_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    Search *search = state;

    (void)tuple;
    (void)error;
    search->found = search->found || (slice_equal(entry->key, search->wanted->key) &&
                                      slice_equal(entry->value, search->wanted->value));
    return true;
}

static bool switch_record(StoreChange *change, const Entry *record, const Slice *replaced,
                          Error *error)
{
    Search search = {.wanted = record};
    Error ignored;
    Buffer json = {0};
    json_t *response = NULL;
    DynamoFault fault = DYNAMO_FAULT_NONE;
    bool done =
        drain(change, error) && append_put(change, record, replaced, &json, error) &&
        dynamo_call(change->client, "PutItem", buffer_slice(&json), &response, &fault, error);

    json_decref(response);
    buffer_free(&json);
    if (!done && (fault == DYNAMO_FAULT_CONDITION || fault == DYNAMO_FAULT_LOST)) {
        done = dynamo_range_read(change->client, record->partition_key, record->key, compare_entry,
                                 &search, &ignored) &&
               search.found;
    }
    if (!done && fault == DYNAMO_FAULT_CONDITION) {
        error_set(error, EXIT_CODE_REFUSED,
                  "another program has changed the repository in the meantime");
        error_hint(error, "It is left as it is; entries that were to be restored may remain, and "
                          "nothing refers to them. Run again.");
    }
    return done;
}

static bool collect(StoreChange *change, Slice tuples, Error *error)
{
    return (change->merge != NULL || dynamo_merge_new(&change->merge, error)) &&
           dynamo_merge_collect(change->merge, tuples, error);
}

static bool merge(StoreChange *change, ExistingAction action, MergeCounts *counts, Error *error)
{
    const DynamoMergeWriters writers = {change->client, &change->rate, change->senders,
                                        change->requests};

    *counts = (MergeCounts){0};
    return change->merge == NULL ||
           dynamo_merge_run(change->merge, &writers, action, counts, error);
}

static bool end_change(StoreChange *change, Error *error)
{
    return drain(change, error);
}

static void close_change(StoreChange *change)
{
    if (change != NULL) {
        dynamo_senders_stop(change->senders);
        dynamo_batch_free(&change->batch);
        dynamo_merge_free(change->merge);
        dynamo_client_close(change->client);
        rate_limit_destroy(&change->rate);
        free(change);
    }
}

/* Requests are aborted when the program is asked to stop. */
static bool cancel(void)
{
    return true;
}

const ChangeDriver CHANGE_DYNAMODB = {
    .name = "dynamodb",
    .cancel = cancel,
    .open = open_change,
    .read_range = read_range,
    .remove = remove_range,
    .put = put,
    .switch_record = switch_record,
    .collect = collect,
    .merge = merge,
    .end = end_change,
    .close = close_change,
};
