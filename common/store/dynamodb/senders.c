/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/dynamodb/senders.h"

#include "common/base/interrupt.h"

#include <pthread.h>
#include <stdlib.h>

enum { SECOND_US = 1000 * 1000 };

struct DynamoSenders {
    DynamoClient *client;
    RateLimit *rate;
    uint64_t stall_timeout_us;
    size_t requests; /* number of threads, and of batches that may be queued */
    pthread_t *threads;
    size_t started;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    DynamoBatch *waiting; /* a ring buffer */
    size_t first;
    size_t count;
    size_t busy;         /* threads sending a batch */
    uint64_t written_us; /* when the table last accepted anything */
    bool ending;
    bool failed;
    Error error; /* of the first failure */
};

/* Returns the error of an earlier failure. */
static bool failed_before(const DynamoSenders *senders, Error *error)
{
    *error = senders->error;
    return false;
}

static void note_failure(DynamoSenders *senders, const Error *error)
{
    bool first;

    pthread_mutex_lock(&senders->mutex);
    first = !senders->failed;
    if (first) {
        senders->failed = true;
        senders->error = *error;
    }
    pthread_cond_broadcast(&senders->changed);
    pthread_mutex_unlock(&senders->mutex);
    if (first) {
        dynamo_client_stop(senders->client);
    }
}

static void note_written(DynamoSenders *senders)
{
    uint64_t now_us = rate_limit_now_us();

    pthread_mutex_lock(&senders->mutex);
    senders->written_us = now_us;
    pthread_mutex_unlock(&senders->mutex);
}

/* Tells whether the table has accepted anything, from any thread, within the stall timeout. */
static bool is_progressing(DynamoSenders *senders)
{
    uint64_t now_us = rate_limit_now_us();
    bool progressing;

    pthread_mutex_lock(&senders->mutex);
    progressing = now_us - senders->written_us < senders->stall_timeout_us;
    pthread_mutex_unlock(&senders->mutex);
    return progressing;
}

/* Waits until the rate limit allows the request. */
static bool wait_for_units(DynamoSenders *senders, uint64_t units, Error *error)
{
    uint64_t wait_us = rate_limit_take(senders->rate, rate_limit_now_us(), units);

    return dynamo_wait(senders->client, (uint32_t)((wait_us + 999) / 1000), error);
}

/* Sends a batch once and keeps what was not written.  Fails with *throttled when that was
 * everything, for lack of capacity. */
static bool send_once(DynamoSenders *senders, DynamoBatch *batch, bool *throttled, Error *error)
{
    json_t *response = NULL;
    DynamoFault fault = DYNAMO_FAULT_NONE;
    bool done = wait_for_units(senders, batch->units, error) &&
                dynamo_call(senders->client, "BatchWriteItem", buffer_slice(&batch->json),
                            &response, &fault, error);

    *throttled = fault == DYNAMO_FAULT_THROTTLED;
    done = done && dynamo_batch_keep_unprocessed(batch, dynamo_client_table(senders->client),
                                                 response, error);
    json_decref(response);
    return done;
}

static bool send_batch(DynamoSenders *senders, DynamoBatch *batch, Error *error)
{
    for (unsigned attempt = 1;; attempt++) {
        size_t before = batch->items;
        bool throttled;

        if (!send_once(senders, batch, &throttled, error) && !throttled) {
            return false;
        }
        if (batch->items < before) {
            note_written(senders);
            attempt = 1;
        } else if (!is_progressing(senders)) {
            return throttled ? false
                             : dynamo_overloaded(dynamo_client_table(senders->client), error);
        }
        if (batch->items == 0) {
            return true;
        }
        *error = (Error){0};
        if (!dynamo_back_off(senders->client, attempt, error)) {
            return false;
        }
    }
}

/* Waits for a batch; false when there will be no more. */
static bool take_batch(DynamoSenders *senders, DynamoBatch *batch)
{
    bool taken;

    pthread_mutex_lock(&senders->mutex);
    while (senders->count == 0 && !senders->ending && !senders->failed) {
        pthread_cond_wait(&senders->changed, &senders->mutex);
    }
    taken = !senders->ending && !senders->failed;
    if (taken) {
        *batch = senders->waiting[senders->first];
        senders->waiting[senders->first] = (DynamoBatch){0};
        senders->first = (senders->first + 1) % senders->requests;
        senders->count--;
        senders->busy++;
        pthread_cond_broadcast(&senders->changed);
    }
    pthread_mutex_unlock(&senders->mutex);
    return taken;
}

static void end_batch(DynamoSenders *senders)
{
    pthread_mutex_lock(&senders->mutex);
    senders->busy--;
    pthread_cond_broadcast(&senders->changed);
    pthread_mutex_unlock(&senders->mutex);
}

static void *run_sender(void *argument)
{
    DynamoSenders *senders = argument;
    DynamoBatch batch = {0};
    Error error = {0};

    interrupt_enter_thread();
    while (take_batch(senders, &batch)) {
        if (!send_batch(senders, &batch, &error)) {
            note_failure(senders, &error);
        }
        dynamo_batch_free(&batch);
        end_batch(senders);
    }
    interrupt_leave_thread();
    return NULL;
}

bool dynamo_senders_start(DynamoClient *client, RateLimit *rate, size_t requests,
                          unsigned stall_timeout_s, DynamoSenders **senders, Error *error)
{
    DynamoSenders *s = calloc(1, sizeof *s);

    *senders = NULL;
    if (s == NULL) {
        return error_out_of_memory(error);
    }
    s->client = client;
    s->rate = rate;
    s->requests = requests;
    s->stall_timeout_us = (uint64_t)stall_timeout_s * SECOND_US;
    s->written_us = rate_limit_now_us();
    s->threads = calloc(requests, sizeof *s->threads);
    s->waiting = calloc(requests, sizeof *s->waiting);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    while (s->threads != NULL && s->waiting != NULL && s->started < requests &&
           pthread_create(&s->threads[s->started], NULL, run_sender, s) == 0) {
        s->started++;
    }
    if (s->started == 0) {
        bool lacked_memory = s->threads == NULL || s->waiting == NULL;

        dynamo_senders_stop(s);
        return lacked_memory ? error_out_of_memory(error)
                             : error_set(error, EXIT_CODE_USAGE, "could not start a thread");
    }
    *senders = s;
    return true;
}

/* Joins the threads; any that wait for DynamoDB are aborted. */
static void end_threads(DynamoSenders *senders)
{
    bool busy;

    pthread_mutex_lock(&senders->mutex);
    senders->ending = true;
    busy = senders->busy > 0;
    pthread_cond_broadcast(&senders->changed);
    pthread_mutex_unlock(&senders->mutex);
    if (busy) {
        dynamo_client_stop(senders->client);
    }
    for (size_t i = 0; i < senders->started; i++) {
        pthread_join(senders->threads[i], NULL);
    }
}

void dynamo_senders_stop(DynamoSenders *senders)
{
    if (senders == NULL) {
        return;
    }
    end_threads(senders);
    for (size_t i = 0; senders->waiting != NULL && i < senders->requests; i++) {
        dynamo_batch_free(&senders->waiting[i]);
    }
    pthread_mutex_destroy(&senders->mutex);
    pthread_cond_destroy(&senders->changed);
    free(senders->waiting);
    free(senders->threads);
    free(senders);
}

bool dynamo_senders_submit(DynamoSenders *senders, DynamoBatch *batch, Error *error)
{
    Slice request;
    bool done;

    if (batch->items == 0) {
        return true;
    }
    if (!dynamo_batch_finish(batch, &request, error)) {
        return false;
    }
    pthread_mutex_lock(&senders->mutex);
    while (senders->count == senders->requests && !senders->failed) {
        pthread_cond_wait(&senders->changed, &senders->mutex);
    }
    done = !senders->failed || failed_before(senders, error);
    if (done) {
        /* Until now nothing was sent: the stall timeout starts here. */
        if (senders->count == 0 && senders->busy == 0) {
            senders->written_us = rate_limit_now_us();
        }
        senders->waiting[(senders->first + senders->count) % senders->requests] = *batch;
        senders->count++;
        *batch = (DynamoBatch){0};
        pthread_cond_broadcast(&senders->changed);
    }
    pthread_mutex_unlock(&senders->mutex);
    return done;
}

static bool make_room(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry, Error *error)
{
    return dynamo_batch_has_room(batch, entry) || dynamo_senders_submit(senders, batch, error);
}

bool dynamo_senders_put(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                        Error *error)
{
    return make_room(senders, batch, entry, error) &&
           dynamo_batch_put(batch, dynamo_client_table(senders->client), entry, error);
}

bool dynamo_senders_delete(DynamoSenders *senders, DynamoBatch *batch, const Entry *entry,
                           Error *error)
{
    return make_room(senders, batch, entry, error) &&
           dynamo_batch_delete(batch, dynamo_client_table(senders->client), entry, error);
}

bool dynamo_senders_drain(DynamoSenders *senders, Error *error)
{
    bool done;

    pthread_mutex_lock(&senders->mutex);
    while (senders->count + senders->busy > 0 && !senders->failed) {
        pthread_cond_wait(&senders->changed, &senders->mutex);
    }
    done = !senders->failed || failed_before(senders, error);
    pthread_mutex_unlock(&senders->mutex);
    return done;
}
