/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/scan.h"

#include "common/base/workers.h"
#include "common/store/dynamodb/item.h"

/* Requests one page; *start (owned) is where the next one starts, NULL after the last. */
static bool scan_page(DynamoClient *client, json_t *parameters, json_t **start, json_t **response,
                      Error *error)
{
    DynamoFault fault;

    if (*start != NULL) {
        json_object_set_new(parameters, "ExclusiveStartKey", *start);
        *start = NULL;
    }
    if (!dynamo_call_json(client, "Scan", parameters, response, &fault, error)) {
        return false;
    }
    *start = json_incref(json_object_get(*response, "LastEvaluatedKey"));
    if (*start != NULL && !json_is_object(*start)) {
        return dynamo_unexpected_response(error);
    }
    return true;
}

/* What a scan asks for, and the member of the response that has it. */
typedef struct Projection {
    const char *parameter; /* NULL: none */
    const char *value;
    const char *member;
    json_type type;
} Projection;

static const Projection ITEMS = {NULL, NULL, "Items", JSON_ARRAY};
static const Projection KEYS = {"ProjectionExpression", DYNAMO_PARTITION_KEY ", " DYNAMO_ITEM_KEY,
                                "Items", JSON_ARRAY};
static const Projection COUNT = {"Select", "COUNT", "Count", JSON_INTEGER};

/* Reads a segment page by page; the function gets the member of each response. */
static bool scan_segment(DynamoClient *client, size_t segment, const Projection *projection,
                         DynamoPageFunction *function, void *state, Error *error)
{
    json_t *start = NULL;
    bool done;

    do {
        json_t *response = NULL;
        const json_t *member;
        json_t *parameters = json_pack("{s:s, s:b, s:i, s:i}", "TableName",
                                       dynamo_client_table(client), "ConsistentRead", 1, "Segment",
                                       (int)segment, "TotalSegments", (int)DYNAMO_SEGMENTS);

        if (projection->parameter != NULL) {
            json_object_set_new(parameters, projection->parameter, json_string(projection->value));
        }
        done = scan_page(client, parameters, &start, &response, error);
        member = json_object_get(response, projection->member);
        if (done && (member == NULL || json_typeof(member) != projection->type)) {
            done = dynamo_unexpected_response(error);
        }
        done = done && function(member, state, error);
        json_decref(response);
    } while (done && start != NULL);
    json_decref(start);
    return done;
}

bool dynamo_scan_segment(DynamoClient *client, size_t segment, bool keys_alone,
                         DynamoPageFunction *function, void *state, Error *error)
{
    return scan_segment(client, segment, keys_alone ? &KEYS : &ITEMS, function, state, error);
}

static bool add_count(const json_t *number, uint64_t *count, Error *error)
{
    if (!json_is_integer(number) || json_integer_value(number) < 0) {
        return dynamo_unexpected_response(error);
    }
    *count += (uint64_t)json_integer_value(number);
    return true;
}

struct DynamoSegments {
    DynamoClient *client;
    DynamoScanWorker *worker;
    void *shared; /* the worker's */
    WorkPieces left;
};

static void stop_workers(void *shared)
{
    DynamoSegments *segments = shared;

    work_pieces_stop(&segments->left);
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    DynamoSegments *segments = shared;

    (void)number;
    return segments->worker(segments->shared, segments, error);
}

bool dynamo_scan(DynamoClient *client, size_t threads, DynamoScanWorker *worker, void *shared,
                 Error *error)
{
    DynamoSegments segments = {.client = client, .worker = worker, .shared = shared};

    work_pieces_init(&segments.left, DYNAMO_SEGMENTS);
    return workers_run(threads < DYNAMO_SEGMENTS ? threads : DYNAMO_SEGMENTS, run_worker, &segments,
                       stop_workers, error);
}

bool dynamo_segments_read(DynamoSegments *segments, bool keys_alone, DynamoPageFunction *function,
                          void *state, Error *error)
{
    size_t segment;

    while (work_pieces_take(&segments->left, &segment)) {
        if (!dynamo_scan_segment(segments->client, segment, keys_alone, function, state, error)) {
            return false;
        }
    }
    return true;
}

bool dynamo_scan_any(DynamoClient *client, bool *any, Error *error)
{
    json_t *start = NULL;
    json_t *response = NULL;
    uint64_t count = 0;
    bool done =
        scan_page(client,
                  json_pack("{s:s, s:b, s:s, s:i}", "TableName", dynamo_client_table(client),
                            "ConsistentRead", 1, COUNT.parameter, COUNT.value, "Limit", 1),
                  &start, &response, error) &&
        add_count(json_object_get(response, COUNT.member), &count, error);

    *any = count > 0;
    json_decref(start);
    json_decref(response);
    return done;
}
