/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/staged_areas.h"

#include "common/base/hash.h"
#include "common/kv/model.h"
#include "import/diff/fields.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "graveler.pb-c.h"

/* So that memory does not grow with the number of branches. */
enum { MAX_AREAS = 50000 };

/* Fields of messages. */
enum { STAGED_IDENTITY = 2, BRANCH_TOKEN = 3, BRANCH_SEALED_TOKENS = 4 };

typedef enum StagedCount {
    STAGED_OBJECTS,   /* new ones */
    STAGED_DELETIONS, /* new ones */
    STAGED_CHANGED,
    STAGED_GONE,
    STAGED_COUNTS
} StagedCount;

/* What has changed in one partition. */
typedef struct Area {
    UT_hash_handle hh;
    uint64_t counts[STAGED_COUNTS];
    Buffer repository_id; /* once known */
    Buffer branch;
    bool known;
    size_t token_size;
    uint8_t token[];
} Area;

struct StagedAreas {
    Area *areas;
    Area *last;                   /* the one of the last change */
    uint64_t rest[STAGED_COUNTS]; /* of all beyond the limit */
    uint64_t rest_areas;          /* how many these are */
    Buffer rest_token;            /* of the last of these */
    atomic_size_t unknown;
    pthread_mutex_t mutex; /* guards what is learned */
};

bool staged_areas_new(StagedAreas **areas, Error *error)
{
    *areas = calloc(1, sizeof **areas);
    if (*areas == NULL) {
        return error_out_of_memory(error);
    }
    atomic_init(&(*areas)->unknown, 0);
    pthread_mutex_init(&(*areas)->mutex, NULL);
    return true;
}

static Area *find_area(const StagedAreas *areas, Slice token)
{
    Area *found;

    HASH_FIND(hh, areas->areas, token.data, token.size, found);
    return found;
}

static bool add_area(StagedAreas *areas, Slice token, Error *error)
{
    Area *area = calloc(1, sizeof *area + token.size);

    if (area == NULL) {
        return error_out_of_memory(error);
    }
    area->token_size = token.size;
    memcpy(area->token, token.data, token.size);
    HASH_ADD_KEYPTR(hh, areas->areas, area->token, area->token_size, area);
    if (!HASH_ADDED(hh, area)) {
        free(area);
        return error_out_of_memory(error);
    }
    areas->last = area;
    atomic_fetch_add(&areas->unknown, 1);
    return true;
}

static StagedCount count_of(const Change *change)
{
    switch (change->kind) {
    case CHANGE_ADDED:
        return field_bytes(change->new_value, STAGED_IDENTITY).size == 0 ? STAGED_DELETIONS
                                                                         : STAGED_OBJECTS;
    case CHANGE_REMOVED:
        return STAGED_GONE;
    default:
        return STAGED_CHANGED;
    }
}

/* Changes come sorted by partition, so a partition beyond the limit is counted once. */
static bool count_rest(StagedAreas *areas, const Change *change, Error *error)
{
    areas->rest[count_of(change)]++;
    if (slice_equal(buffer_slice(&areas->rest_token), change->partition_key) &&
        areas->rest_areas > 0) {
        return true;
    }
    areas->rest_areas++;
    areas->rest_token.size = 0;
    return buffer_append(&areas->rest_token, change->partition_key.data, change->partition_key.size,
                         error);
}

bool staged_areas_add(StagedAreas *areas, const Change *change, Error *error)
{
    Slice token = change->partition_key;

    if (areas->last == NULL ||
        !slice_equal(slice_of(areas->last->token, areas->last->token_size), token)) {
        Area *found = find_area(areas, token);

        if (found == NULL && HASH_COUNT(areas->areas) >= MAX_AREAS) {
            return count_rest(areas, change, error);
        }
        if (found == NULL && !add_area(areas, token, error)) {
            return false;
        }
        areas->last = found == NULL ? areas->last : found;
    }
    areas->last->counts[count_of(change)]++;
    return true;
}

static bool learn_token(StagedAreas *areas, Slice token, Slice repository_id, Slice branch,
                        Error *error)
{
    Area *area = find_area(areas, token);
    bool done = true;

    if (area == NULL) {
        return true;
    }
    pthread_mutex_lock(&areas->mutex);
    if (!area->known) {
        area->known = true;
        atomic_fetch_sub(&areas->unknown, 1);
        done = buffer_append(&area->repository_id, repository_id.data, repository_id.size, error) &&
               buffer_append(&area->branch, branch.data, branch.size, error);
    }
    pthread_mutex_unlock(&areas->mutex);
    return done;
}

bool staged_areas_learn(StagedAreas *areas, const Entry *entry, Error *error)
{
    Slice branch = change_key_after(entry->key, KV_BRANCHES);
    Slice rest = entry->value;
    Slice repository_id;
    Slice instance_id;
    Slice token;

    if (branch.size == entry->key.size ||
        !kv_partition_is_repository(entry->partition_key, &repository_id, &instance_id) ||
        kv_entry_type(entry->partition_key, entry->key, entry->value).message !=
            &kv__branch_data__descriptor) {
        return true;
    }
    if (!learn_token(areas, field_bytes(entry->value, BRANCH_TOKEN), repository_id, branch,
                     error)) {
        return false;
    }
    while (field_next(&rest, BRANCH_SEALED_TOKENS, &token)) {
        if (!learn_token(areas, token, repository_id, branch, error)) {
            return false;
        }
    }
    return true;
}

bool staged_areas_known(const StagedAreas *areas)
{
    return atomic_load(&areas->unknown) == 0;
}

static int compare_texts(const Buffer *a, const Buffer *b)
{
    size_t size = a->size < b->size ? a->size : b->size;
    int order = size == 0 ? 0 : memcmp(a->data, b->data, size);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_branches(const Area *a, const Area *b)
{
    int order = (a->known ? 0 : 1) - (b->known ? 0 : 1);

    if (order == 0) {
        order = compare_texts(&a->repository_id, &b->repository_id);
    }
    return order != 0 ? order : compare_texts(&a->branch, &b->branch);
}

static void add_place(TextLine *line, const Area *area, uint64_t areas)
{
    if (area != NULL && area->known) {
        text_add(line, "branch ");
        text_name(line, buffer_slice(&area->branch));
        text_add(line, " of ");
        text_name(line, buffer_slice(&area->repository_id));
    } else {
        text_count(line, areas, "staging area", "staging areas");
        text_add(line, area == NULL ? " not looked into" : " of no branch");
    }
}

/* Writes the lines of one branch (or of those that are unknown, of which there are `areas`). */
static bool print_counts(TextLine *line, const uint64_t counts[STAGED_COUNTS], const Area *area,
                         uint64_t areas)
{
    static const char *const WORDS[STAGED_COUNTS][3] = {
        [STAGED_OBJECTS] = {"object", "objects", "staged on"},
        [STAGED_DELETIONS] = {"deletion", "deletions", "staged on"},
        [STAGED_CHANGED] = {"staged object", "staged objects", "changed on"},
        [STAGED_GONE] = {"object", "objects", "no longer staged on"},
    };

    for (size_t i = 0; i < STAGED_COUNTS; i++) {
        if (counts[i] == 0) {
            continue;
        }
        text_count(line, counts[i], WORDS[i][0], WORDS[i][1]);
        text_add(line, " %s ", WORDS[i][2]);
        add_place(line, area, areas);
        if (!text_end(line)) {
            return false;
        }
    }
    return true;
}

bool staged_areas_print(StagedAreas *areas, TextLine *line)
{
    const Area *area;

    HASH_SORT(areas->areas, compare_branches);
    area = areas->areas;
    while (area != NULL) {
        const Area *first = area;
        uint64_t counts[STAGED_COUNTS] = {0};
        uint64_t number = 0;

        for (; area != NULL && compare_branches(first, area) == 0; area = area->hh.next) {
            number++;
            for (size_t i = 0; i < STAGED_COUNTS; i++) {
                counts[i] += area->counts[i];
            }
        }
        if (!print_counts(line, counts, first, number)) {
            return false;
        }
    }
    return print_counts(line, areas->rest, NULL, areas->rest_areas);
}

void staged_areas_free(StagedAreas *areas)
{
    Area *area;
    Area *next;

    if (areas == NULL) {
        return;
    }
    HASH_ITER(hh, areas->areas, area, next)
    {
        HASH_DELETE(hh, areas->areas, area);
        buffer_free(&area->repository_id);
        buffer_free(&area->branch);
        free(area);
    }
    buffer_free(&areas->rest_token);
    pthread_mutex_destroy(&areas->mutex);
    free(areas);
}
