/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/run_ids.h"

#include "common/base/buffer.h"
#include "common/base/hash.h"
#include "export/legacy/derived_id.h"

#include <stdlib.h>
#include <string.h>

/* A run whose first id other runs derive, too, and its assigned id. */
typedef struct Resolved {
    Xid xid;
    UT_hash_handle by_run;
    UT_hash_handle by_xid;
    size_t run_size;
    char run[]; /* repository id, NUL, run id */
} Resolved;

struct RunIds {
    Xid *first; /* owned; sorted once sealed */
    size_t count;
    size_t capacity;
    Xid *shared; /* owned, sorted: ids that are in `first` more than once */
    size_t shared_count;
    Resolved *by_run;
    Resolved *by_xid;
};

static int compare_xids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(Xid));
}

bool run_ids_new(RunIds **ids, Error *error)
{
    *ids = calloc(1, sizeof **ids);
    return *ids != NULL || error_out_of_memory(error);
}

bool run_ids_add(RunIds *ids, Xid first, Error *error)
{
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity == 0 ? 1024 : ids->capacity * 2;
        Xid *grown = realloc(ids->first, capacity * sizeof *grown);

        if (grown == NULL) {
            return error_out_of_memory(error);
        }
        ids->first = grown;
        ids->capacity = capacity;
    }
    ids->first[ids->count++] = first;
    return true;
}

bool run_ids_seal(RunIds *ids, Error *error)
{
    if (ids->count > 0) {
        qsort(ids->first, ids->count, sizeof *ids->first, compare_xids);
    }
    for (size_t i = 1; i < ids->count; i++) {
        if (compare_xids(&ids->first[i - 1], &ids->first[i]) == 0) {
            Xid *grown = realloc(ids->shared, (ids->shared_count + 1) * sizeof *grown);

            if (grown == NULL) {
                return error_out_of_memory(error);
            }
            ids->shared = grown;
            ids->shared[ids->shared_count++] = ids->first[i];
        }
    }
    return true;
}

static bool contains(const Xid *xids, size_t count, const Xid *xid)
{
    return count > 0 && bsearch(xid, xids, count, sizeof *xids, compare_xids) != NULL;
}

/* Stores the id of a run, whose repository id and run id are joined in `run`. */
static bool keep_id(RunIds *ids, Slice run, Xid xid, Error *error)
{
    Resolved *resolved = malloc(sizeof *resolved + run.size);

    if (resolved == NULL) {
        return error_out_of_memory(error);
    }
    resolved->xid = xid;
    resolved->run_size = run.size;
    memcpy(resolved->run, run.data, run.size);
    HASH_ADD_KEYPTR(by_run, ids->by_run, resolved->run, resolved->run_size, resolved);
    if (!HASH_ADDED(by_run, resolved)) {
        free(resolved);
        return error_out_of_memory(error);
    }
    HASH_ADD(by_xid, ids->by_xid, xid, sizeof resolved->xid, resolved);
    return HASH_ADDED(by_xid, resolved) || error_out_of_memory(error);
}

/* The first run to ask gets the id of the first attempt; ids of later attempts must be unused. */
static bool resolve(RunIds *ids, Slice repository_id, Slice run_id, Slice run, int64_t seconds,
                    Xid *xid, Error *error)
{
    Resolved *taken;

    for (unsigned attempt = 0;; attempt++) {
        if (!derived_id(seconds, repository_id, run_id, attempt, xid, error)) {
            return false;
        }
        HASH_FIND(by_xid, ids->by_xid, xid, sizeof *xid, taken);
        if (taken == NULL && (attempt == 0 || !contains(ids->first, ids->count, xid))) {
            return keep_id(ids, run, *xid, error);
        }
    }
}

bool run_ids_assign(RunIds *ids, Slice repository_id, Slice run_id, int64_t seconds, Xid *xid,
                    Error *error)
{
    Buffer run = {0};
    Resolved *known;
    bool done;

    if (!derived_id(seconds, repository_id, run_id, 0, xid, error)) {
        return false;
    }
    if (!contains(ids->shared, ids->shared_count, xid)) {
        return true;
    }
    done = buffer_append(&run, repository_id.data, repository_id.size, error) &&
           buffer_append(&run, "", 1, error) &&
           buffer_append(&run, run_id.data, run_id.size, error);
    if (done) {
        HASH_FIND(by_run, ids->by_run, run.data, run.size, known);
        if (known != NULL) {
            *xid = known->xid;
        } else {
            done = resolve(ids, repository_id, run_id, buffer_slice(&run), seconds, xid, error);
        }
    }
    buffer_free(&run);
    return done;
}

void run_ids_free(RunIds *ids)
{
    Resolved *resolved;
    Resolved *next;

    if (ids == NULL) {
        return;
    }
    HASH_CLEAR(by_xid, ids->by_xid);
    HASH_ITER(by_run, ids->by_run, resolved, next)
    {
        HASH_DELETE(by_run, ids->by_run, resolved);
        free(resolved);
    }
    free(ids->first);
    free(ids->shared);
    free(ids);
}
