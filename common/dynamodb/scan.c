#include "common/dynamodb/scan.h"

#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/dynamodb/item.h"

#include <pthread.h>

/* One request; *start (owned) is where the next one goes on, NULL where this was the last. */
static bool scan_page(DynamoClient *client, json_t *parameters, json_t **start, json_t **answer,
                      Error *error)
{
    DynamoFault fault;

    if (*start != NULL) {
        json_object_set_new(parameters, "ExclusiveStartKey", *start);
        *start = NULL;
    }
    if (!dynamo_call_json(client, "Scan", parameters, answer, &fault, error)) {
        return false;
    }
    *start = json_incref(json_object_get(*answer, "LastEvaluatedKey"));
    if (*start != NULL && !json_is_object(*start)) {
        return dynamo_bad_answer(error);
    }
    return true;
}

static bool take_items(const json_t *answer, DynamoPageFunction *function, void *state,
                       Error *error)
{
    const json_t *items = json_object_get(answer, "Items");

    return json_is_array(items) ? function(items, state, error) : dynamo_bad_answer(error);
}

/* The request for a page of a segment. */
static json_t *segment_parameters(const DynamoClient *client, size_t segment)
{
    return json_pack("{s:s, s:b, s:i, s:i}", "TableName", dynamo_client_table(client),
                     "ConsistentRead", 1, "Segment", (int)segment, "TotalSegments",
                     (int)DYNAMO_SEGMENTS);
}

static json_t *page_parameters(const DynamoClient *client, size_t segment, bool keys_alone)
{
    json_t *parameters = segment_parameters(client, segment);

    if (parameters != NULL && keys_alone) {
        json_object_set_new(parameters, "ProjectionExpression",
                            json_string(DYNAMO_PARTITION_KEY ", " DYNAMO_ITEM_KEY));
    }
    return parameters;
}

static json_t *count_parameters(const DynamoClient *client, size_t segment)
{
    json_t *parameters = segment_parameters(client, segment);

    if (parameters != NULL) {
        json_object_set_new(parameters, "Select", json_string("COUNT"));
    }
    return parameters;
}

bool dynamo_scan_segment(DynamoClient *client, size_t segment, bool keys_alone,
                         DynamoPageFunction *function, void *state, Error *error)
{
    json_t *start = NULL;
    bool done;

    do {
        json_t *answer = NULL;

        done = scan_page(client, page_parameters(client, segment, keys_alone), &start, &answer,
                         error) &&
               take_items(answer, function, state, error);
        json_decref(answer);
    } while (done && start != NULL);
    json_decref(start);
    return done;
}

static bool take_count(const json_t *answer, uint64_t *count, Error *error)
{
    const json_t *number = json_object_get(answer, "Count");

    if (!json_is_integer(number) || json_integer_value(number) < 0) {
        return dynamo_bad_answer(error);
    }
    *count += (uint64_t)json_integer_value(number);
    return true;
}

static bool count_segment(DynamoClient *client, size_t segment, uint64_t *count, Error *error)
{
    json_t *start = NULL;
    bool done;

    do {
        uint64_t page = 0;
        json_t *answer = NULL;

        done = scan_page(client, count_parameters(client, segment), &start, &answer, error) &&
               take_count(answer, &page, error);
        progress_add(page, 0);
        *count += page;
        json_decref(answer);
    } while (done && start != NULL);
    json_decref(start);
    return done;
}

typedef struct Counting {
    DynamoClient *client;
    WorkPieces segments;
    pthread_mutex_t mutex; /* guards what follows */
    uint64_t count;
} Counting;

static void stop_counting(void *shared)
{
    Counting *counting = shared;

    work_pieces_stop(&counting->segments);
}

static bool count_segments(void *shared, size_t number, Error *error)
{
    Counting *counting = shared;
    uint64_t count = 0;
    size_t segment;

    (void)number;
    while (work_pieces_take(&counting->segments, &segment)) {
        if (!count_segment(counting->client, segment, &count, error)) {
            return false;
        }
    }
    pthread_mutex_lock(&counting->mutex);
    counting->count += count;
    pthread_mutex_unlock(&counting->mutex);
    return true;
}

bool dynamo_scan_count(DynamoClient *client, size_t threads, uint64_t *count, Error *error)
{
    Counting counting = {.client = client};
    bool done;

    work_pieces_init(&counting.segments, DYNAMO_SEGMENTS);
    pthread_mutex_init(&counting.mutex, NULL);
    done = workers_run(threads < DYNAMO_SEGMENTS ? threads : DYNAMO_SEGMENTS, count_segments,
                       &counting, stop_counting, error);
    *count = counting.count;
    pthread_mutex_destroy(&counting.mutex);
    return done;
}

bool dynamo_scan_any(DynamoClient *client, bool *any, Error *error)
{
    json_t *start = NULL;
    json_t *answer = NULL;
    uint64_t count = 0;
    bool done =
        scan_page(client,
                  json_pack("{s:s, s:b, s:s, s:i}", "TableName", dynamo_client_table(client),
                            "ConsistentRead", 1, "Select", "COUNT", "Limit", 1),
                  &start, &answer, error) &&
        take_count(answer, &count, error);

    *any = count > 0;
    json_decref(start);
    json_decref(answer);
    return done;
}
