/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/workers.h"

#include "common/base/interrupt.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Workers {
    WorkerFunction *function;
    void *shared;
    void (*stop)(void *shared);
    pthread_mutex_t mutex; /* guards what follows */
    bool failed;
    Error error;
} Workers;

typedef struct Worker {
    Workers *workers;
    size_t number;
    pthread_t thread;
} Worker;

static void do_work(const Worker *worker)
{
    Workers *workers = worker->workers;
    Error error = {0};
    bool first;

    if (workers->function(workers->shared, worker->number, &error)) {
        return;
    }
    pthread_mutex_lock(&workers->mutex);
    first = !workers->failed;
    if (first) {
        workers->failed = true;
        workers->error = error;
    }
    pthread_mutex_unlock(&workers->mutex);
    if (first && workers->stop != NULL) {
        workers->stop(workers->shared);
    }
}

static void *run_thread(void *argument)
{
    interrupt_enter_thread();
    do_work(argument);
    interrupt_leave_thread();
    return NULL;
}

bool workers_run(size_t count, WorkerFunction *function, void *shared, void (*stop)(void *shared),
                 Error *error)
{
    Workers workers = {.function = function, .shared = shared, .stop = stop};
    Worker *list = calloc(count, sizeof *list);
    size_t started = 1;

    if (list == NULL) {
        return error_out_of_memory(error);
    }
    pthread_mutex_init(&workers.mutex, NULL);
    for (size_t i = 0; i < count; i++) {
        list[i].workers = &workers;
        list[i].number = i;
    }
    while (started < count &&
           pthread_create(&list[started].thread, NULL, run_thread, &list[started]) == 0) {
        started++;
    }
    do_work(&list[0]);
    for (size_t i = 1; i < started; i++) {
        pthread_join(list[i].thread, NULL);
    }
    if (workers.failed) {
        *error = workers.error;
    }
    pthread_mutex_destroy(&workers.mutex);
    free(list);
    return !workers.failed;
}

void work_pieces_init(WorkPieces *pieces, size_t count)
{
    atomic_init(&pieces->next, 0);
    pieces->count = count;
}

bool work_pieces_take(WorkPieces *pieces, size_t *piece)
{
    *piece = atomic_fetch_add(&pieces->next, 1);
    return *piece < pieces->count;
}

void work_pieces_stop(WorkPieces *pieces)
{
    atomic_store(&pieces->next, pieces->count);
}
