/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of pages.  A page takes the entries whose key digest leads to it; those that find it
 * full go to the next one.
 */
#include "common/store/dynamodb/entry_index.h"

#include "common/base/digest.h"
#include "common/base/temporary_file.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE_SLOTS = 128,
    PAGE_ENTRIES = 90, /* expected: few pages get as many as they have slots */
    LOCKS = 64
};

typedef enum SlotState { SLOT_FREE, SLOT_ADDED, SLOT_EQUAL } SlotState;

typedef struct Slot {
    SetDigest keys;
    uint64_t content;
    uint16_t units;
    uint8_t state;
    uint8_t unused[5];
} Slot;

typedef struct Page {
    Slot slots[PAGE_SLOTS];
} Page;

struct EntryIndex {
    int fd;
    uint64_t pages;
    pthread_mutex_t locks[LOCKS]; /* of the pages whose number modulo LOCKS is theirs */
};

bool entry_index_new(uint64_t entries, EntryIndex **index, Error *error)
{
    EntryIndex *i = calloc(1, sizeof *i);

    *index = i;
    if (i == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t lock = 0; lock < LOCKS; lock++) {
        pthread_mutex_init(&i->locks[lock], NULL);
    }
    i->fd = -1;
    i->pages = entries / PAGE_ENTRIES + 1;
    if (!temporary_file_open(&i->fd, error)) {
        return false;
    }
    return ftruncate(i->fd, (off_t)(i->pages * sizeof(Page))) == 0 ||
           error_set(error, EXIT_CODE_FAILED, "could not enlarge a temporary file: %s",
                     strerror(errno));
}

void entry_index_free(EntryIndex *index)
{
    if (index == NULL) {
        return;
    }
    if (index->fd >= 0) {
        close(index->fd);
    }
    for (size_t lock = 0; lock < LOCKS; lock++) {
        pthread_mutex_destroy(&index->locks[lock]);
    }
    free(index);
}

/* In a tuple the key follows the partition key and its own length, so both can be hashed in place,
 * and ("a", "bc") differs from ("ab", "c"). */
static SetDigest digest_of_keys(const Entry *entry)
{
    const uint8_t *begin = entry->partition_key.data;
    const uint8_t *end = entry->key.data + entry->key.size;
    SetDigest digest = {0};

    set_digest_add_tuple(&digest, slice_of(begin, (size_t)(end - begin)));
    return digest;
}

static pthread_mutex_t *lock_of(EntryIndex *index, uint64_t page)
{
    return &index->locks[page % LOCKS];
}

static bool read_page(EntryIndex *index, uint64_t number, Page *page, Error *error)
{
    return temporary_file_read(index->fd, number * sizeof *page, page, sizeof *page, error);
}

static bool write_slot(EntryIndex *index, uint64_t page, size_t slot, const Slot *content,
                       Error *error)
{
    return temporary_file_write_at(index->fd, page * sizeof(Page) + slot * sizeof *content,
                                   slice_of(content, sizeof *content), error);
}

/* The slot of the keys in the page, or the first free one; PAGE_SLOTS if there is neither. */
static size_t find_slot(const Page *page, SetDigest keys)
{
    size_t slot = 0;

    while (slot < PAGE_SLOTS && page->slots[slot].state != SLOT_FREE &&
           !set_digest_equal(page->slots[slot].keys, keys)) {
        slot++;
    }
    return slot;
}

/* What to do with the slot of some keys, which is free if they were not added.  The slot is written
 * if *changed. */
typedef bool SlotFunction(Slot *slot, void *state, bool *changed, Error *error);

static bool visit_page(EntryIndex *index, uint64_t number, SetDigest keys, bool *found,
                       SlotFunction *function, void *state, Error *error)
{
    bool changed = false;
    Page page;
    size_t slot;

    if (!read_page(index, number, &page, error)) {
        return false;
    }
    slot = find_slot(&page, keys);
    *found = slot < PAGE_SLOTS;
    return !*found || (function(&page.slots[slot], state, &changed, error) &&
                       (!changed || write_slot(index, number, slot, &page.slots[slot], error)));
}

static bool visit_slot(EntryIndex *index, SetDigest keys, SlotFunction *function, void *state,
                       Error *error)
{
    uint64_t number = keys.low % index->pages;

    for (uint64_t tried = 0; tried < index->pages; tried++) {
        bool found = false;
        bool done;

        pthread_mutex_lock(lock_of(index, number));
        done = visit_page(index, number, keys, &found, function, state, error);
        pthread_mutex_unlock(lock_of(index, number));
        if (!done || found) {
            return done;
        }
        number = (number + 1) % index->pages;
    }
    return error_set(error, EXIT_CODE_DUMP, "the dump holds more entries than its manifest says");
}

static bool take_slot(Slot *slot, void *state, bool *changed, Error *error)
{
    const Slot *added = state;

    if (slot->state != SLOT_FREE) {
        return error_set(error, EXIT_CODE_DUMP, "the dump holds two entries with the same keys");
    }
    *slot = *added;
    *changed = true;
    return true;
}

bool entry_index_add(EntryIndex *index, const Entry *entry, Slice tuple, uint16_t units,
                     Error *error)
{
    Slot slot = {.keys = digest_of_keys(entry),
                 .content = xxh3_of(tuple),
                 .units = units,
                 .state = SLOT_ADDED};

    return visit_slot(index, slot.keys, take_slot, &slot, error);
}

typedef struct Comparison {
    uint64_t content;
    bool same;
    EntryMatch match;
    uint16_t units;
} Comparison;

static bool compare_slot(Slot *slot, void *state, bool *changed, Error *error)
{
    Comparison *comparison = state;

    (void)error;
    if (slot->state == SLOT_FREE) {
        comparison->match = ENTRY_UNKNOWN;
        return true;
    }
    comparison->units = slot->units;
    comparison->match =
        comparison->same && slot->content == comparison->content ? ENTRY_EQUAL : ENTRY_DIFFERENT;
    if (comparison->match == ENTRY_EQUAL) {
        slot->state = SLOT_EQUAL;
        *changed = true;
    }
    return true;
}

bool entry_index_compare(EntryIndex *index, const Entry *entry, Slice tuple, bool same,
                         EntryMatch *match, uint16_t *units, Error *error)
{
    Comparison comparison = {.content = xxh3_of(tuple), .same = same};
    bool done = visit_slot(index, digest_of_keys(entry), compare_slot, &comparison, error);

    *match = comparison.match;
    *units = comparison.units;
    return done;
}

static bool see_slot(Slot *slot, void *state, bool *changed, Error *error)
{
    bool *equal = state;

    (void)changed;
    (void)error;
    *equal = slot->state == SLOT_EQUAL;
    return true;
}

bool entry_index_is_equal(EntryIndex *index, const Entry *entry, bool *equal, Error *error)
{
    *equal = false;
    return visit_slot(index, digest_of_keys(entry), see_slot, equal, error);
}
