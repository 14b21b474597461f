/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/runs.h"

#include "common/base/buffer.h"
#include "common/base/temporary_file.h"
#include "import/diff/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
    uint64_t offset; /* of what is still to be read into the window */
    uint64_t end;
    Buffer window;
    size_t position; /* of the record at hand, in the window */
    size_t step;     /* bytes to read at once */
} Run;

/* Several files would need as many descriptors, so there is one. */
static bool add_run(Runs *runs, Error *error)
{
    if (runs->count == runs->capacity) {
        size_t capacity = runs->capacity == 0 ? 16 : runs->capacity * 2;
        Run *items = realloc(runs->items, capacity * sizeof *items);

        if (items == NULL) {
            return error_out_of_memory(error);
        }
        runs->items = items;
        runs->capacity = capacity;
    }
    runs->items[runs->count++] = (Run){.offset = runs->size, .end = runs->size};
    return true;
}

bool runs_begin(Runs *runs, Error *error)
{
    if (runs->count == 0 && !temporary_file_open(&runs->fd, error)) {
        return false;
    }
    if (!add_run(runs, error)) {
        if (runs->count == 0) {
            close(runs->fd);
        }
        return false;
    }
    return true;
}

bool runs_write(Runs *runs, Slice records, Error *error)
{
    if (!temporary_file_write(runs->fd, records, error)) {
        return false;
    }
    runs->size += records.size;
    runs->items[runs->count - 1].end = runs->size;
    return true;
}

/* Makes the window hold at least `size` bytes from the position on, which the run has. */
static bool fill(const Runs *runs, Run *run, size_t size, Error *error)
{
    size_t rest = run->window.size - run->position;
    uint64_t left = run->end - run->offset;
    size_t more;

    if (rest >= size) {
        return true;
    }
    more = size - rest > run->step ? size - rest : run->step;
    more = more > left ? (size_t)left : more;
    if (rest > 0) {
        memmove(run->window.data, run->window.data + run->position, rest);
    }
    run->window.size = rest;
    run->position = 0;
    if (!buffer_reserve(&run->window, more, error) ||
        !temporary_file_read(runs->fd, run->offset, run->window.data + rest, more, error)) {
        return false;
    }
    run->window.size += more;
    run->offset += more;
    return true;
}

static bool is_at_end(const Run *run)
{
    return run->position == run->window.size && run->offset == run->end;
}

/* Makes the window hold the record at the position, unless the run is at its end. */
static bool load_record(const Runs *runs, Run *run, Error *error)
{
    RecordHead head;

    if (is_at_end(run)) {
        return true;
    }
    if (!fill(runs, run, sizeof head, error)) {
        return false;
    }
    memcpy(&head, run->window.data + run->position, sizeof head);
    return fill(runs, run, record_size(&head), error);
}

static const uint8_t *record_of(const Run *run)
{
    return run->window.data + run->position;
}

/* Moves the run at `place` down to where it belongs in the heap. */
static void sift_down(Runs *runs, size_t place)
{
    for (;;) {
        size_t child = place * 2 + 1;
        Run run = runs->items[place];

        if (child >= runs->count) {
            return;
        }
        if (child + 1 < runs->count && record_compare(record_of(&runs->items[child + 1]),
                                                      record_of(&runs->items[child])) < 0) {
            child++;
        }
        if (record_compare(record_of(&run), record_of(&runs->items[child])) <= 0) {
            return;
        }
        runs->items[place] = runs->items[child];
        runs->items[child] = run;
        place = child;
    }
}

/* Takes away a run that is at its end. */
static void drop_run(Runs *runs, size_t index)
{
    buffer_free(&runs->items[index].window);
    runs->count--;
    runs->items[index] = runs->items[runs->count];
    if (runs->count == 0) {
        close(runs->fd);
    }
}

/* All records of a run may have been equal pairs. */
static void drop_empty(Runs *runs)
{
    for (size_t i = runs->count; i > 0; i--) {
        if (is_at_end(&runs->items[i - 1])) {
            drop_run(runs, i - 1);
        }
    }
}

bool runs_merge(Runs *runs, size_t memory, Error *error)
{
    enum { STEP_MIN = 16 * 1024, STEP_MAX = 1024 * 1024 };
    size_t step = memory / (runs->count + 1);

    step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
    drop_empty(runs);
    for (size_t i = 0; i < runs->count; i++) {
        runs->items[i].step = step;
        if (!load_record(runs, &runs->items[i], error)) {
            return false;
        }
    }
    for (size_t i = runs->count / 2; i > 0; i--) {
        sift_down(runs, i - 1);
    }
    return true;
}

const uint8_t *runs_least(const Runs *runs)
{
    return runs->count == 0 ? NULL : record_of(&runs->items[0]);
}

bool runs_advance(Runs *runs, Error *error)
{
    Run *run = &runs->items[0];
    Entry entry;
    RecordHead head = record_parse(record_of(run), &entry);

    run->position += record_size(&head);
    if (!load_record(runs, run, error)) {
        return false;
    }
    if (is_at_end(run)) {
        drop_run(runs, 0);
    }
    sift_down(runs, 0);
    return true;
}

void runs_free(Runs *runs)
{
    if (runs->count > 0) {
        close(runs->fd);
    }
    for (size_t i = 0; i < runs->count; i++) {
        buffer_free(&runs->items[i].window);
    }
    free(runs->items);
    *runs = (Runs){0};
}
