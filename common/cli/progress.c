/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/progress.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How often a line is written. */
enum { REDRAW_MS = 200, PLAIN_LINE_MS = 5000, JSON_LINE_MS = 1000 };

/* From here on a phase's own rate says how long it will take: its first rows do not. */
static const double RATE_SECONDS = 1;
static const double RATE_FRACTION = 0.02;

/* The state of a phase. */
typedef struct State {
    const char *phase;
    size_t number; /* of the plan's phases, from 1; 0: not planned */
    size_t phases;
    uint64_t rows;
    uint64_t total_rows; /* 0: unknown */
    uint64_t bytes;
    double seconds;  /* since the phase began */
    double expected; /* seconds of the whole phase, from those before it; negative if unknown */
    double weight;   /* of the phase, and of those after it */
    double later_weight;
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
static const ProgressPhase *plan;
static size_t plan_count;
static double planned_seconds; /* of the plan's phases that have ended, and their weights */
static double planned_weight;

static double seconds_since(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9;
}

/*
 * Estimated seconds left of the phase; negative if unknown.
 *
 * Rows come in large steps where a whole leaf is indexed at a time, so the rate is trusted as far
 * as rows are done, and what earlier phases took for the rest.
 */
static double seconds_left(const State *state)
{
    double fraction;

    if (state->done) {
        return 0;
    }
    if (state->total_rows == 0) {
        return -1;
    }
    fraction = (double)state->rows / (double)state->total_rows;
    /* The estimate was too low. */
    if (fraction >= 1) {
        return 0;
    }
    if (state->expected >= 0) {
        double by_rate = fraction > 0 ? state->seconds * (1 - fraction) / fraction : 0;
        double by_plan = state->expected * (1 - fraction);

        return fraction * by_rate + (1 - fraction) * by_plan;
    }
    return state->seconds < RATE_SECONDS || fraction < RATE_FRACTION
               ? -1
               : state->seconds * (1 - fraction) / fraction;
}

/* The same, of all phases of the plan. */
static double seconds_left_of_all(const State *state)
{
    double left = seconds_left(state);

    return left < 0 || state->weight <= 0
               ? -1
               : left + (state->seconds + left) * state->later_weight / state->weight;
}

static double rows_per_second(const State *state)
{
    return state->seconds > 0 ? (double)state->rows / state->seconds : 0;
}

/* Appends to a line. */
static size_t append(char *line, size_t size, size_t used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static size_t append(char *line, size_t size, size_t used, const char *format, ...)
{
    va_list arguments;
    int added;

    va_start(arguments, format);
    added = vsnprintf(line + used, size - used, format, arguments);
    va_end(arguments);
    return added < 0 || (size_t)added >= size - used ? size - 1 : used + (size_t)added;
}

/* Appends how far the phase is: what matters most comes first, as the line may be cut. */
static size_t append_position(const State *state, char *line, size_t size, size_t used)
{
    double left = seconds_left(state);
    double left_of_all = seconds_left_of_all(state);
    char text[QUANTITY_SIZE];

    if (state->number > 0) {
        used = append(line, size, used, " (%zu of %zu)", state->number, state->phases);
    }
    used = append(line, size, used, ":");
    if (state->total_rows > state->rows) {
        used = append(line, size, used, " %.0f %%,",
                      100.0 * (double)state->rows / (double)state->total_rows);
    }
    if (left >= 0) {
        quantity_seconds(left, text);
        used = append(line, size, used, " %s left", text);
        if (left_of_all >= 0 && state->number < state->phases) {
            quantity_seconds(left_of_all, text);
            used = append(line, size, used, " (%s of all)", text);
        }
        used = append(line, size, used, ",");
    }
    return used;
}

static void format_line(const State *state, char *line, size_t size)
{
    char text[QUANTITY_SIZE];
    size_t used = append(line, size, 0, "%s", state->phase);

    if (state->done) {
        used = append(line, size, used, ":");
    } else {
        used = append_position(state, line, size, used);
    }
    quantity_count(state->rows, text);
    used = append(line, size, used, " %s row%s", text, state->rows == 1 ? "" : "s");
    if (!state->done && state->total_rows > state->rows) {
        quantity_count(state->total_rows, text);
        used = append(line, size, used, " of about %s", text);
    }
    if (state->bytes > 0) {
        quantity_bytes(state->bytes, text);
        used = append(line, size, used, ", %s", text);
    }
    quantity_count((uint64_t)rows_per_second(state), text);
    used = append(line, size, used, ", %s rows/s", text);
    if (state->done) {
        quantity_seconds(state->seconds, text);
        append(line, size, used, ", %s", text);
    }
}

/* Formats a number of seconds as JSON. */
static void format_seconds(double seconds, char *text, size_t size)
{
    if (seconds < 0) {
        snprintf(text, size, "null");
    } else {
        snprintf(text, size, "%.1f", seconds);
    }
}

static void format_json_line(const State *state, char *line, size_t size)
{
    char now[MESSAGE_NOW_SIZE];
    char total[24] = "null";
    char left[32];
    char left_of_all[32];
    char text[256];

    message_now(now);
    format_line(state, text, sizeof text);
    if (state->total_rows > 0) {
        snprintf(total, sizeof total, "%" PRIu64, state->total_rows);
    }
    format_seconds(state->done ? -1 : seconds_left(state), left, sizeof left);
    format_seconds(seconds_left_of_all(state), left_of_all, sizeof left_of_all);
    /* The names of phases and programs need no escaping. */
    snprintf(
        line, size,
        "{\"time\":\"%s\",\"level\":\"info\",\"program\":\"%s\",\"message\":\"%s\","
        "\"event\":\"progress\",\"phase\":\"%s\",\"phase_number\":%zu,\"phases\":%zu,"
        "\"rows\":%" PRIu64 ",\"total_rows\":%s,\"bytes\":%" PRIu64
        ",\"rows_per_second\":%.0f,\"seconds_left\":%s,\"seconds_left_of_all\":%s,\"done\":%s}",
        now, message_program(), text, state->phase, state->number, state->phases, state->rows,
        total, state->bytes, rows_per_second(state), left, left_of_all,
        state->done ? "true" : "false");
}

/* Finds the phase in the plan. */
static void find_planned(State *state)
{
    for (size_t i = 0; i < plan_count; i++) {
        if (state->number > 0) {
            state->later_weight += plan[i].weight;
        } else if (strcmp(plan[i].name, state->phase) == 0) {
            state->number = i + 1;
            state->phases = plan_count;
            state->weight = plan[i].weight;
        }
    }
    if (state->number > 0 && planned_weight > 0) {
        state->expected = planned_seconds * state->weight / planned_weight;
    }
}

/* Writes the state of the phase in the chosen form. */
static void write_line(bool done)
{
    State state = {.phase = phase,
                   .rows = atomic_load(&rows_done),
                   .total_rows = total_rows,
                   .bytes = atomic_load(&bytes_done),
                   .seconds = seconds_since(&begun),
                   .expected = -1,
                   .done = done};
    char line[1024];

    find_planned(&state);
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

    if (form != FORM_NONE || mode == PROGRESS_NEVER || message_level() == MESSAGE_QUIET ||
        wanted == FORM_NONE) {
        return true;
    }
    form = wanted;
    if (pthread_create(&thread, NULL, show, NULL) != 0) {
        form = FORM_NONE;
        return error_set(error, EXIT_CODE_USAGE, "could not start a thread");
    }
    return true;
}

void progress_plan(const ProgressPhase *phases, size_t count)
{
    pthread_mutex_lock(&mutex);
    plan = phases;
    plan_count = count;
    planned_seconds = 0;
    planned_weight = 0;
    pthread_mutex_unlock(&mutex);
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
    for (size_t i = 0; i < plan_count; i++) {
        if (strcmp(plan[i].name, phase) == 0) {
            planned_seconds += seconds_since(&begun);
            planned_weight += plan[i].weight;
        }
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
