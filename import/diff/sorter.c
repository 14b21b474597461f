/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* qsort_r */
#include "import/diff/sorter.h"

#include "common/base/buffer.h"
#include "common/base/interrupt.h"
#include "import/diff/runs.h"
#include "import/verify/entry_digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct Sorter {
    size_t memory;
    pthread_mutex_t mutex; /* guards what follows while entries are added */
    Buffer records;
    size_t *offsets; /* of each record; owned */
    size_t count;
    size_t capacity;
    size_t position; /* of the next record, if there are no runs */
    Runs runs;
    Buffer first; /* the record at hand */
    Buffer second;
};

const Entry *difference_entry(const Difference *difference)
{
    return difference->has_new ? &difference->new_entry : &difference->old_entry;
}

bool sorter_new(size_t memory, Sorter **sorter, Error *error)
{
    Sorter *s = calloc(1, sizeof *s);

    *sorter = s;
    if (s == NULL) {
        return error_out_of_memory(error);
    }
    s->memory = memory;
    pthread_mutex_init(&s->mutex, NULL);
    return true;
}

static int compare_offsets(const void *a, const void *b, void *records)
{
    const uint8_t *bytes = records;

    return record_compare(bytes + *(const size_t *)a, bytes + *(const size_t *)b);
}

static void sort_records(Sorter *sorter)
{
    if (sorter->count > 0) {
        qsort_r(sorter->offsets, sorter->count, sizeof *sorter->offsets, compare_offsets,
                sorter->records.data);
    }
}

static const uint8_t *record_at(const Sorter *sorter, size_t index)
{
    return sorter->records.data + sorter->offsets[index];
}

static bool equal_values(const Entry *a, const Entry *b)
{
    return slice_equal(a->value, b->value) ||
           set_digest_equal(entry_value_digest(a), entry_value_digest(b));
}

/* Whether two records, one behind the other, are an entry that both stores have alike. */
static bool is_equal_pair(const uint8_t *first, const uint8_t *second)
{
    Entry a;
    Entry b;

    return record_same_entry(first, second) &&
           record_parse(first, &a).side != record_parse(second, &b).side && equal_values(&a, &b);
}

static bool write_record(Sorter *sorter, const uint8_t *record, Error *error)
{
    enum { STEP = 256 * 1024 };
    Buffer *pending = &sorter->first;
    Entry entry;
    RecordHead head = record_parse(record, &entry);

    if (!buffer_append(pending, record, record_size(&head), error)) {
        return false;
    }
    if (pending->size >= STEP) {
        if (!runs_write(&sorter->runs, buffer_slice(pending), error)) {
            return false;
        }
        pending->size = 0;
    }
    return true;
}

/* Writes what is in memory to the file, without the pairs that are equal. */
static bool spill(Sorter *sorter, Error *error)
{
    bool done = interrupt_check(error) && runs_begin(&sorter->runs, error);

    sort_records(sorter);
    for (size_t i = 0; done && i < sorter->count; i++) {
        if (i + 1 < sorter->count &&
            is_equal_pair(record_at(sorter, i), record_at(sorter, i + 1))) {
            i++;
        } else {
            done = write_record(sorter, record_at(sorter, i), error);
        }
    }
    done = done && runs_write(&sorter->runs, buffer_slice(&sorter->first), error);
    sorter->first.size = 0;
    sorter->records.size = 0;
    sorter->count = 0;
    return done;
}

static bool add_offset(Sorter *sorter, size_t offset, Error *error)
{
    if (sorter->count == sorter->capacity) {
        size_t capacity = sorter->capacity == 0 ? 1024 : sorter->capacity * 2;
        size_t *offsets = realloc(sorter->offsets, capacity * sizeof *offsets);

        if (offsets == NULL) {
            return error_out_of_memory(error);
        }
        sorter->offsets = offsets;
        sorter->capacity = capacity;
    }
    sorter->offsets[sorter->count++] = offset;
    return true;
}

static bool add_record(Sorter *sorter, DiffSide side, const Entry *entry, Error *error)
{
    size_t size =
        sizeof(RecordHead) + entry->partition_key.size + entry->key.size + entry->value.size;

    if (sorter->records.size > 0 && sorter->records.size + size > sorter->memory &&
        !spill(sorter, error)) {
        return false;
    }
    return add_offset(sorter, sorter->records.size, error) &&
           record_append(&sorter->records, side, entry, error);
}

bool sorter_add(Sorter *sorter, DiffSide side, const Entry *entry, Error *error)
{
    bool done;

    pthread_mutex_lock(&sorter->mutex);
    done = add_record(sorter, side, entry, error);
    pthread_mutex_unlock(&sorter->mutex);
    return done;
}

bool sorter_finish(Sorter *sorter, Error *error)
{
    if (sorter->runs.count == 0) {
        sort_records(sorter);
        return true;
    }
    if (!spill(sorter, error)) {
        return false;
    }
    buffer_free(&sorter->records);
    return runs_merge(&sorter->runs, sorter->memory, error);
}

/* The record to take next; NULL at the end. */
static const uint8_t *least(const Sorter *sorter)
{
    if (sorter->records.data != NULL) {
        return sorter->position < sorter->count ? record_at(sorter, sorter->position) : NULL;
    }
    return runs_least(&sorter->runs);
}

/* Takes a record out; a copy goes to `record`. */
static bool take(Sorter *sorter, Buffer *record, Error *error)
{
    const uint8_t *bytes = least(sorter);
    Entry entry;
    RecordHead head = record_parse(bytes, &entry);

    record->size = 0;
    if (!buffer_append(record, bytes, record_size(&head), error)) {
        return false;
    }
    if (sorter->records.data != NULL) {
        sorter->position++;
        return true;
    }
    return runs_advance(&sorter->runs, error);
}

static void set_side(Difference *difference, const Buffer *record)
{
    Entry entry;

    if (record_parse(record->data, &entry).side == DIFF_OLD) {
        difference->has_old = true;
        difference->old_entry = entry;
    } else {
        difference->has_new = true;
        difference->new_entry = entry;
    }
}

bool sorter_next(Sorter *sorter, Difference *difference, bool *end, Error *error)
{
    do {
        const uint8_t *next = least(sorter);
        Entry entry;

        *difference = (Difference){0};
        *end = next == NULL;
        if (*end) {
            return true;
        }
        if (!take(sorter, &sorter->first, error)) {
            return false;
        }
        set_side(difference, &sorter->first);
        next = least(sorter);
        if (difference->has_old && next != NULL && record_same_entry(sorter->first.data, next) &&
            record_parse(next, &entry).side == DIFF_NEW) {
            if (!take(sorter, &sorter->second, error)) {
                return false;
            }
            set_side(difference, &sorter->second);
        }
    } while (difference->has_old && difference->has_new &&
             equal_values(&difference->old_entry, &difference->new_entry));
    return true;
}

void sorter_free(Sorter *sorter)
{
    if (sorter == NULL) {
        return;
    }
    pthread_mutex_destroy(&sorter->mutex);
    buffer_free(&sorter->records);
    free(sorter->offsets);
    runs_free(&sorter->runs);
    buffer_free(&sorter->first);
    buffer_free(&sorter->second);
    free(sorter);
}
