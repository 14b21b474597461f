/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/progress.h"

#include "common/cli/message.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How often a line is written. */
enum { REDRAW_MS = 200, PLAIN_LINE_MS = 5000, JSON_LINE_MS = 1000 };

/* The state of a phase. */
typedef struct State {
    const char *phase;
    uint64_t rows;
    uint64_t total_rows; /* 0: unknown */
    uint64_t bytes;
    double seconds; /* since the phase began */
    bool done;
} State;

typedef enum Form { FORM_NONE, FORM_TERMINAL, FORM_PLAIN, FORM_JSON } Form;

static atomic_uint_fast64_t rows_done;
static atomic_uint_fast64_t bytes_done;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static Form form;
static pthread_t thread;
static bool stopping;
static char phase[32]; /* "" between phases */
static uint64_t total_rows;
static struct timespec begun;

static double seconds_since(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9;
}

/* Estimated seconds left; negative if unknown. */
static double seconds_left(const State *state)
{
    if (state->rows == 0 || state->total_rows == 0) {
        return -1;
    }
    /* The estimate was too low. */
    if (state->rows >= state->total_rows) {
        return 0;
    }
    return (double)(state->total_rows - state->rows) * state->seconds / (double)state->rows;
}

static double rows_per_second(const State *state)
{
    return state->seconds > 0 ? (double)state->rows / state->seconds : 0;
}

static void format_line(const State *state, char *line, size_t size)
{
    double left = seconds_left(state);
    double megabytes = (double)state->bytes / 1e6;
    int used = snprintf(line, size, "%s: %" PRIu64 " rows", state->phase, state->rows);

    if (!state->done && state->total_rows > state->rows) {
        used +=
            snprintf(line + used, size - (size_t)used, " of about %" PRIu64 " (%.0f %%)",
                     state->total_rows, 100.0 * (double)state->rows / (double)state->total_rows);
    }
    if (state->bytes > 0) {
        used += snprintf(line + used, size - (size_t)used, ", %.1f MB", megabytes);
    }
    used += snprintf(line + used, size - (size_t)used, ", %.0f rows/s", rows_per_second(state));
    if (state->done) {
        snprintf(line + used, size - (size_t)used, ", %.1f s", state->seconds);
    } else if (left >= 0) {
        snprintf(line + used, size - (size_t)used, ", %.0f s left", left);
    }
}

static void format_json_line(const State *state, char *line, size_t size)
{
    char now[MESSAGE_NOW_SIZE];
    char total[24] = "null";
    char left[32] = "null";
    char text[256];

    message_now(now);
    format_line(state, text, sizeof text);
    if (state->total_rows > 0) {
        snprintf(total, sizeof total, "%" PRIu64, state->total_rows);
    }
    if (!state->done && seconds_left(state) >= 0) {
        snprintf(left, sizeof left, "%.1f", seconds_left(state));
    }
    /* The names of phases and programs need no escaping. */
    snprintf(line, size,
             "{\"time\":\"%s\",\"level\":\"info\",\"program\":\"%s\",\"message\":\"%s\","
             "\"event\":\"progress\",\"phase\":\"%s\",\"rows\":"
             "%" PRIu64 ",\"total_rows\":%s,\"bytes\":%" PRIu64
             ",\"rows_per_second\":%.0f,\"seconds_left\":%s,\"done\":%s}",
             now, message_program(), text, state->phase, state->rows, total, state->bytes,
             rows_per_second(state), left, state->done ? "true" : "false");
}

/* Writes the state of the phase in the chosen form. */
static void write_line(bool done)
{
    State state = {.phase = phase,
                   .rows = atomic_load(&rows_done),
                   .total_rows = total_rows,
                   .bytes = atomic_load(&bytes_done),
                   .seconds = seconds_since(&begun),
                   .done = done};
    char line[768];

    if (form == FORM_JSON) {
        format_json_line(&state, line, sizeof line);
    } else {
        int used = snprintf(line, sizeof line, "%s: ", message_program());

        format_line(&state, line + used, sizeof line - (size_t)used);
    }
    if (form == FORM_TERMINAL && !done) {
        message_status(line);
        return;
    }
    if (form == FORM_TERMINAL) {
        message_status("");
    }
    message_line(line);
}

static void *show(void *argument)
{
    long interval_ms = form == FORM_TERMINAL ? REDRAW_MS
                       : form == FORM_JSON   ? JSON_LINE_MS
                                             : PLAIN_LINE_MS;

    (void)argument;
    pthread_mutex_lock(&mutex);
    while (!stopping) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += interval_ms % 1000 * 1000000;
        until.tv_sec += interval_ms / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&changed, &mutex, &until);
        if (!stopping && phase[0] != '\0') {
            write_line(false);
        }
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

bool progress_init(ProgressMode mode, Error *error)
{
    Form wanted = message_is_json()         ? FORM_JSON
                  : message_is_terminal()   ? FORM_TERMINAL
                  : mode == PROGRESS_ALWAYS ? FORM_PLAIN
                                            : FORM_NONE;

    if (mode == PROGRESS_NEVER || message_level() == MESSAGE_QUIET || wanted == FORM_NONE) {
        return true;
    }
    form = wanted;
    if (pthread_create(&thread, NULL, show, NULL) != 0) {
        form = FORM_NONE;
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread");
    }
    return true;
}

void progress_begin(const char *name, uint64_t total)
{
    pthread_mutex_lock(&mutex);
    snprintf(phase, sizeof phase, "%s", name);
    total_rows = total;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    atomic_store(&rows_done, 0);
    atomic_store(&bytes_done, 0);
    pthread_mutex_unlock(&mutex);
}

void progress_add(uint64_t rows, uint64_t bytes)
{
    atomic_fetch_add_explicit(&rows_done, rows, memory_order_relaxed);
    atomic_fetch_add_explicit(&bytes_done, bytes, memory_order_relaxed);
}

void progress_end(void)
{
    pthread_mutex_lock(&mutex);
    if (form != FORM_NONE && phase[0] != '\0') {
        write_line(true);
    }
    phase[0] = '\0';
    pthread_mutex_unlock(&mutex);
}

void progress_stop(void)
{
    if (form == FORM_NONE) {
        return;
    }
    pthread_mutex_lock(&mutex);
    stopping = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    message_status("");
    form = FORM_NONE;
}
