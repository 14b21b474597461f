/*
 * The target DynamoDB: a table of its own.
 *
 * DynamoDB has neither transactions over a whole table nor locks that end with a connection.  So a
 * load writes its id beside version 0, and stamps only where both still stand: of two loads at the
 * same time at most one succeeds, and what it counted is what was stamped.
 */
#include "import/dynamodb.h"

#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/dynamodb/scan.h"
#include "common/pg/connection.h"
#include "import/provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool make_load_id(Target *target, Error *error)
{
    uint8_t bytes[LOAD_ID_SIZE / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return error_set(error, EXIT_CODE_FAILED, "the system has no random numbers");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(target->load_id + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

static bool dynamodb_open(ImportOptions *options, const DumpHeader *header, Target **target,
                          uint64_t *stamped, Error *error)
{
    Target *t = calloc(1, sizeof *t);

    (void)header;
    *stamped = 0;
    *target = t;
    if (t == NULL) {
        return error_out_of_memory(error);
    }
    t->options = options;
    rate_limit_init(&t->rate, options->dynamodb.write_units);
    if (!make_load_id(t, error) ||
        !dynamo_client_open(&options->dynamodb.table, "kv-import", &t->client, error) ||
        !dynamo_table_inspect(t->client, &t->facts, error)) {
        return false;
    }
    *stamped = options->clean ? 0 : t->facts.version;
    return true;
}

/* Somebody may have made the table with care: one that is empty stays, and one that has to be made
 * again gets the capacity that it had. */
static bool empty_table(Target *target, Error *error)
{
    DynamoCapacity capacity = target->options->dynamodb.capacity;

    switch (target->facts.state) {
    case DYNAMO_TABLE_EMPTY:
        return true;
    case DYNAMO_TABLE_NONE:
        break;
    case DYNAMO_TABLE_STARTED:
    case DYNAMO_TABLE_STAMPED:
        if (capacity.write == 0) {
            capacity = target->facts.capacity;
        }
        if (!dynamo_table_delete(target->client, error)) {
            return false;
        }
        break;
    }
    return dynamo_table_create(target->client, capacity, error);
}

static bool dynamodb_prepare(Target *target, Error *error)
{
    return empty_table(target, error) && dynamo_table_start(target->client, target->load_id, error);
}

/* All that was written must be there, and the version's item beside it. */
static bool dynamodb_complete(Target *target, const DumpManifest *manifest, Error *error)
{
    uint64_t expected = dump_manifest_entries(manifest);
    uint64_t items = 0;

    progress_begin("count", expected);
    if (!dynamo_scan_count(target->client, (size_t)target->options->jobs, &items, error)) {
        return false;
    }
    progress_end();
    if (items != expected + 1) {
        error_set(error, EXIT_CODE_FAILED,
                  "the table \"%s\" has %" PRIu64 " items, the dump %" PRIu64 " entries",
                  dynamo_client_table(target->client), items > 0 ? items - 1 : 0, expected);
        return error_hint(error, "Nothing was stamped. See to it that no other program writes to "
                                 "the table, then run again.");
    }
    return true;
}

static bool dynamodb_stamp(Target *target, const DumpHeader *header, const DumpManifest *manifest,
                           Error *error)
{
    char now[MESSAGE_NOW_SIZE];
    char *provenance;
    bool done;

    message_now(now);
    provenance = provenance_encode(header, manifest, now, error);
    done = provenance != NULL && dynamo_table_stamp(target->client, target->load_id,
                                                    header->kv_version, provenance, error);
    free(provenance);
    return done;
}

static void dynamodb_close(Target *target)
{
    if (target == NULL) {
        return;
    }
    dynamo_table_facts_free(&target->facts);
    dynamo_client_close(target->client);
    rate_limit_destroy(&target->rate);
    free(target);
}

/* Requests end when the program is asked to stop. */
static bool dynamodb_cancel(void)
{
    pg_cancel_all();
    return true;
}

const TargetDriver TARGET_DYNAMODB = {
    .name = "dynamodb",
    .cancel = dynamodb_cancel,
    .open = dynamodb_open,
    .prepare = dynamodb_prepare,
    .begin_load = dynamodb_begin_load,
    .load = dynamodb_load,
    .end_load = dynamodb_end_load,
    .complete = dynamodb_complete,
    .stamp = dynamodb_stamp,
    .close = dynamodb_close,
};
