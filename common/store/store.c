/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store.h"

#include <string.h>

static const StoreDriver *const STORES[] = {&STORE_POSTGRES, &STORE_DYNAMODB};

const StoreDriver *store_find(const char *name)
{
    for (size_t i = 0; i < sizeof STORES / sizeof STORES[0]; i++) {
        if (strcmp(STORES[i]->name, name) == 0) {
            return STORES[i];
        }
    }
    return NULL;
}

static bool visit_part(const EntryVisitor *visitor, StorePartReader *read, void *reader,
                       size_t part, void *worker, Error *error)
{
    return (visitor->begin_part == NULL || visitor->begin_part(worker, part, error)) &&
           read(reader, part, worker, error) &&
           (visitor->end_part == NULL || visitor->end_part(worker, error));
}

bool store_read_parts(WorkPieces *parts, const EntryVisitor *visitor, void *state,
                      StorePartReader *read, void *reader, Error *error)
{
    void *worker = visitor->begin == NULL ? state : NULL;
    Error ignored;
    size_t part;
    bool done = visitor->begin == NULL || visitor->begin(state, &worker, error);

    while (done && work_pieces_take(parts, &part)) {
        done = visit_part(visitor, read, reader, part, worker, error);
    }
    return (visitor->end == NULL || visitor->end(worker, done, done ? error : &ignored)) && done;
}

void store_stop(WorkPieces *parts, const EntryVisitor *visitor, void *state)
{
    work_pieces_stop(parts);
    if (visitor->stop != NULL) {
        visitor->stop(state);
    }
}
