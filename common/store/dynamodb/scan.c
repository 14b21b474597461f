#include "common/store/dynamodb/scan.h"

#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "common/store/dynamodb/item.h"

#include <pthread.h>

/* One request; *start (owned) is where the next one goes on, NULL where this was the last. */
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

/* What is done with the response for a page. */
typedef bool ResponseFunction(const json_t *response, void *state, Error *error);

/* Reads a segment page by page; `name` (NULL: none) is a further parameter of the requests. */
static bool scan_segment(DynamoClient *client, size_t segment, const char *name, const char *value,
                         ResponseFunction *function, void *state, Error *error)
{
    json_t *start = NULL;
    bool done;

    do {
        json_t *response = NULL;
        json_t *parameters = json_pack("{s:s, s:b, s:i, s:i}", "TableName",
                                       dynamo_client_table(client), "ConsistentRead", 1, "Segment",
                                       (int)segment, "TotalSegments", (int)DYNAMO_SEGMENTS);

        if (name != NULL) {
            json_object_set_new(parameters, name, json_string(value));
        }
        done = scan_page(client, parameters, &start, &response, error) &&
               function(response, state, error);
        json_decref(response);
    } while (done && start != NULL);
    json_decref(start);
    return done;
}

typedef struct ItemReading {
    DynamoPageFunction *function;
    void *state;
} ItemReading;

static bool visit_items(const json_t *response, void *state, Error *error)
{
    const ItemReading *reading = state;
    const json_t *items = json_object_get(response, "Items");

    return json_is_array(items) ? reading->function(items, reading->state, error)
                                : dynamo_unexpected_response(error);
}

bool dynamo_scan_segment(DynamoClient *client, size_t segment, bool keys_alone,
                         DynamoPageFunction *function, void *state, Error *error)
{
    static const char KEYS[] = DYNAMO_PARTITION_KEY ", " DYNAMO_ITEM_KEY;
    ItemReading reading = {function, state};

    return scan_segment(client, segment, keys_alone ? "ProjectionExpression" : NULL, KEYS,
                        visit_items, &reading, error);
}

/* Adds the page's count to *count. */
static bool add_count(const json_t *response, uint64_t *count, Error *error)
{
    const json_t *number = json_object_get(response, "Count");

    if (!json_is_integer(number) || json_integer_value(number) < 0) {
        return dynamo_unexpected_response(error);
    }
    *count += (uint64_t)json_integer_value(number);
    return true;
}

static bool count_page(const json_t *response, void *state, Error *error)
{
    uint64_t *count = state;
    uint64_t before = *count;

    if (!add_count(response, count, error)) {
        return false;
    }
    progress_add(*count - before, 0);
    return true;
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
        if (!scan_segment(counting->client, segment, "Select", "COUNT", count_page, &count,
                          error)) {
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
    json_t *response = NULL;
    uint64_t count = 0;
    bool done =
        scan_page(client,
                  json_pack("{s:s, s:b, s:s, s:i}", "TableName", dynamo_client_table(client),
                            "ConsistentRead", 1, "Select", "COUNT", "Limit", 1),
                  &start, &response, error) &&
        add_count(response, &count, error);

    *any = count > 0;
    json_decref(start);
    json_decref(response);
    return done;
}
