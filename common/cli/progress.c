/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/progress.h"

#include "common/base/monotonic.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/status_line.h"
#include "common/cli/time_left.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How often a line is written. */
enum { REDRAW_MS = 200, PLAIN_LINE_MS = 5000, JSON_LINE_MS = 1000 };

typedef struct State {
    const char *phase;
    size_t number; /* of all phases, from 1; 0: it is the only one, or not planned */
    size_t phases;
    bool by_bytes; /* `now` counts bytes instead of rows */
    uint64_t bytes;
    PhaseState now;
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
static bool by_bytes;  /* the phase has no rows: its total is one of bytes */
static uint64_t total;
static double begun; /* by monotonic_seconds */
static const ProgressPhase *plan;
static size_t plan_count;
static ProgressAround around;
static double planned_seconds; /* of the planned phases that have ended, and their weights */
static double planned_weight;

/* Or bytes per second. */
static double rows_per_second(const State *state)
{
    return state->now.seconds > 0 ? (double)state->now.rows / state->now.seconds : 0;
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

/* Appends the time left of everything: of the phase only if there are no others, or if no more can
 * be told. */
static size_t append_time_left(const State *state, char *line, size_t size, size_t used)
{
    enum { TENTHS_BELOW = 10 }; /* see quantity_seconds; an estimate has none */
    bool is_last = state->number == state->phases;
    double all = time_left_of_all(&state->now);
    double left = all >= 0 ? all : time_left(&state->now);
    char text[QUANTITY_SIZE];

    if (left < 0) {
        return used;
    }
    left += 0.5; /* up */
    if (left < TENTHS_BELOW) {
        snprintf(text, sizeof text, "%.0f s", left);
    } else {
        quantity_seconds(left, text);
    }
    return append(line, size, used, " %s left%s,", text,
                  is_last    ? ""
                  : all >= 0 ? " in all"
                             : " of this phase");
}

/* Appends how far the phase is: what matters most comes first, as the line may be cut. */
static size_t append_position(const State *state, char *line, size_t size, size_t used)
{
    double fraction = phase_fraction(&state->now);

    if (state->number > 0) {
        used = append(line, size, used, " (%zu of %zu)", state->number, state->phases);
    }
    used = append(line, size, used, ":");
    if (fraction >= 0) {
        used = append(line, size, used, " %.0f %%,", 100 * fraction);
    }
    return append_time_left(state, line, size, used);
}

/* Appends the amount of a phase that has no rows. */
static void append_bytes(const State *state, char *line, size_t size, size_t used)
{
    char text[QUANTITY_SIZE];

    quantity_bytes(state->bytes, text);
    used = append(line, size, used, " %s", text);
    if (state->now.total_rows >= state->now.rows && state->now.total_rows > 0) {
        quantity_bytes(state->now.total_rows, text);
        used = append(line, size, used, " of %s", text);
    }
    quantity_bytes((uint64_t)rows_per_second(state), text);
    append(line, size, used, ", %s/s", text);
}

static void format_line(const State *state, char *line, size_t size)
{
    char text[QUANTITY_SIZE];
    size_t used = append(line, size, 0, "%s", state->phase);

    used = append_position(state, line, size, used);
    if (state->by_bytes) {
        append_bytes(state, line, size, used);
        return;
    }
    quantity_count(state->now.rows, text);
    used = append(line, size, used, " %s row%s", text, state->now.rows == 1 ? "" : "s");
    if (state->now.total_rows >= state->now.rows && state->now.total_rows > 0) {
        quantity_count(state->now.total_rows, text);
        used = append(line, size, used, " of about %s", text);
    }
    if (state->bytes > 0) {
        quantity_bytes(state->bytes, text);
        used = append(line, size, used, ", %s", text);
    }
    quantity_count((uint64_t)rows_per_second(state), text);
    append(line, size, used, ", %s rows/s", text);
}

/* The last line of a phase, which stays: with what fits into the columns, above all rows and time.
 */
static void format_last_line(const State *state, size_t columns, char *line, size_t size)
{
    enum { ALL_PARTS = 2 };
    char text[QUANTITY_SIZE];
    char bytes[QUANTITY_SIZE];
    char rate[QUANTITY_SIZE];

    quantity_bytes(state->bytes, bytes);
    if (state->by_bytes) {
        quantity_seconds(state->now.seconds, text);
        append(line, columns < size ? columns + 1 : size, 0, "%s: %s, %s", state->phase, bytes,
               text);
        return;
    }
    quantity_count((uint64_t)rows_per_second(state), rate);
    for (int parts = ALL_PARTS; parts >= 0; parts--) {
        size_t used;

        quantity_count(state->now.rows, text);
        used = append(line, size, 0, "%s: %s row%s", state->phase, text,
                      state->now.rows == 1 ? "" : "s");
        if (state->bytes > 0 && parts >= 1) {
            used = append(line, size, used, ", %s", bytes);
        }
        if (parts >= ALL_PARTS) {
            used = append(line, size, used, ", %s rows/s", rate);
        }
        quantity_seconds(state->now.seconds, text);
        used = append(line, size, used, ", %s", text);
        if (used <= columns) {
            return;
        }
    }
    line[columns] = '\0';
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
    char rows_in_all[24] = "null";
    char left[32];
    char left_of_all[32];
    char text[256];

    message_now(now);
    if (state->now.done) {
        format_last_line(state, sizeof text - 1, text, sizeof text);
    } else {
        format_line(state, text, sizeof text);
    }
    if (state->now.total_rows > 0 && !state->by_bytes) {
        snprintf(rows_in_all, sizeof rows_in_all, "%" PRIu64, state->now.total_rows);
    }
    format_seconds(state->now.done ? -1 : time_left(&state->now), left, sizeof left);
    format_seconds(time_left_of_all(&state->now), left_of_all, sizeof left_of_all);
    /* The names of phases and programs need no escaping. */
    snprintf(
        line, size,
        "{\"time\":\"%s\",\"level\":\"info\",\"program\":\"%s\",\"message\":\"%s\","
        "\"event\":\"progress\",\"phase\":\"%s\",\"phase_number\":%zu,\"phases\":%zu,"
        "\"rows\":%" PRIu64 ",\"total_rows\":%s,\"bytes\":%" PRIu64
        ",\"rows_per_second\":%.0f,\"seconds_left\":%s,\"seconds_left_of_all\":%s,\"done\":%s}",
        now, message_program(), text, state->phase, state->number, state->phases,
        state->by_bytes ? 0 : state->now.rows, rows_in_all, state->bytes,
        state->by_bytes ? 0 : rows_per_second(state), left, left_of_all,
        state->now.done ? "true" : "false");
}

/* Finds the phase in the plan. */
static void find_planned(State *state)
{
    double seconds = planned_seconds + around.before_seconds;
    double weight = planned_weight + around.before_weight;
    size_t phases = around.before + plan_count + around.after;
    size_t i = 0;

    while (i < plan_count && strcmp(plan[i].name, state->phase) != 0) {
        i++;
    }
    if (i == plan_count || phases == 1) {
        return;
    }
    state->number = around.before + i + 1;
    state->phases = phases;
    state->now.weight = plan[i].weight;
    state->now.later_weight = around.after_weight;
    while (++i < plan_count && state->now.later_weight >= 0) {
        state->now.later_weight += plan[i].weight;
    }
    if (weight > 0 && state->now.weight > 0) {
        state->now.expected = seconds * state->now.weight / weight;
    }
}

/* Writes the state of the phase in the chosen form. */
static void write_line(bool done)
{
    uint64_t bytes = atomic_load(&bytes_done);
    State state = {.phase = phase,
                   .by_bytes = by_bytes,
                   .bytes = bytes,
                   .now = {.rows = by_bytes ? bytes : atomic_load(&rows_done),
                           .total_rows = total,
                           .seconds = monotonic_seconds() - begun,
                           .expected = -1,
                           .done = done}};
    char line[1024];
    size_t columns = form == FORM_TERMINAL ? status_line_columns() : sizeof line - 1;

    find_planned(&state);
    if (form == FORM_JSON) {
        format_json_line(&state, line, sizeof line);
    } else {
        size_t used = append(line, sizeof line, 0, "%s: ", message_program());

        if (done) {
            format_last_line(&state, columns > used ? columns - used : 0, line + used,
                             sizeof line - used);
        } else {
            format_line(&state, line + used, sizeof line - used);
        }
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
    sigset_t all;
    sigset_t before;
    bool started;

    if (form != FORM_NONE || mode == PROGRESS_NEVER || wanted == FORM_NONE ||
        (message_level() == MESSAGE_QUIET && mode != PROGRESS_ALWAYS)) {
        return true;
    }
    form = wanted;
    stopping = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&thread, NULL, show, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) {
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
    pthread_mutex_unlock(&mutex);
}

void progress_set_around(const ProgressAround *phases)
{
    around = *phases;
}

static void begin(const char *name, uint64_t expected, bool in_bytes, double seconds)
{
    pthread_mutex_lock(&mutex);
    snprintf(phase, sizeof phase, "%s", name);
    by_bytes = in_bytes;
    total = expected;
    begun = monotonic_seconds() - seconds;
    atomic_store(&rows_done, 0);
    atomic_store(&bytes_done, 0);
    pthread_mutex_unlock(&mutex);
}

void progress_begin(const char *name, uint64_t expected)
{
    begin(name, expected, false, 0);
}

void progress_begin_bytes(const char *name, uint64_t expected)
{
    begin(name, expected, true, 0);
}

void progress_begin_earlier(const char *name, uint64_t expected, double seconds)
{
    begin(name, expected, false, seconds);
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
        if (strcmp(plan[i].name, phase) == 0 && plan[i].weight > 0) {
            planned_seconds += monotonic_seconds() - begun;
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
