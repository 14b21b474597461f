/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/relayed_progress.h"

#include "common/base/buffer.h"
#include "common/cli/progress.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 200, PIECE_SIZE = 16384 };

struct RelayedProgress {
    int file;
    off_t offset;
    Buffer line; /* begun */
    char phase[32];
    uint64_t rows; /* as shown */
    uint64_t bytes;

    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool stopping;
};

static uint64_t number(const json_t *object, const char *member)
{
    json_int_t value = json_integer_value(json_object_get(object, member));

    return value > 0 ? (uint64_t)value : 0;
}

/* Lines come a second apart: a phase has begun before its first one. */
static void begin_phase(RelayedProgress *relay, const json_t *report, const char *phase)
{
    double rate = json_number_value(json_object_get(report, "rows_per_second"));

    snprintf(relay->phase, sizeof relay->phase, "%s", phase);
    relay->rows = 0;
    relay->bytes = 0;
    progress_begin_earlier(phase, number(report, "total_rows"),
                           rate > 0 ? (double)number(report, "rows") / rate : 0);
}

static void show(RelayedProgress *relay, const json_t *report)
{
    const char *phase = json_string_value(json_object_get(report, "phase"));
    uint64_t rows = number(report, "rows");
    uint64_t bytes = number(report, "bytes");

    if (phase == NULL) {
        return;
    }
    if (strncmp(relay->phase, phase, sizeof relay->phase - 1) != 0) {
        begin_phase(relay, report, phase);
    }
    progress_add(rows - relay->rows, bytes - relay->bytes);
    relay->rows = rows;
    relay->bytes = bytes;
    if (json_is_true(json_object_get(report, "done"))) {
        progress_end();
        relay->phase[0] = '\0';
    }
}

static void take_line(RelayedProgress *relay)
{
    json_t *object = json_loadb((const char *)relay->line.data, relay->line.size, 0, NULL);
    const char *event = json_string_value(json_object_get(object, "event"));

    if (event != NULL && strcmp(event, "progress") == 0) {
        show(relay, object);
    }
    json_decref(object);
    relay->line.size = 0;
}

/* What cannot be read, or does not fit into memory, is not shown. */
static void read_lines(RelayedProgress *relay)
{
    char piece[PIECE_SIZE];
    ssize_t size;
    Error ignored;

    while ((size = pread(relay->file, piece, sizeof piece, relay->offset)) > 0) {
        relay->offset += size;
        for (ssize_t i = 0; i < size; i++) {
            if (piece[i] == '\n') {
                take_line(relay);
            } else if (!buffer_append(&relay->line, &piece[i], 1, &ignored)) {
                return;
            }
        }
    }
}

static void *run(void *argument)
{
    RelayedProgress *relay = argument;
    bool stopping = false;

    while (!stopping) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&relay->mutex);
        if (!relay->stopping) {
            pthread_cond_timedwait(&relay->changed, &relay->mutex, &until);
        }
        stopping = relay->stopping;
        pthread_mutex_unlock(&relay->mutex);
        read_lines(relay);
    }
    return NULL;
}

bool relayed_progress_start(int file, RelayedProgress **relay, Error *error)
{
    RelayedProgress *r = calloc(1, sizeof *r);

    *relay = NULL;
    if (r == NULL) {
        return error_out_of_memory(error);
    }
    r->file = file;
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        pthread_mutex_destroy(&r->mutex);
        pthread_cond_destroy(&r->changed);
        free(r);
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread");
    }
    *relay = r;
    return true;
}

void relayed_progress_stop(RelayedProgress *relay)
{
    if (relay == NULL) {
        return;
    }
    pthread_mutex_lock(&relay->mutex);
    relay->stopping = true;
    pthread_cond_signal(&relay->changed);
    pthread_mutex_unlock(&relay->mutex);
    pthread_join(relay->thread, NULL);
    pthread_mutex_destroy(&relay->mutex);
    pthread_cond_destroy(&relay->changed);
    buffer_free(&relay->line);
    free(relay);
}
