/* SPDX-License-Identifier: Apache-2.0 */
#include "export/kv_repositories.h"

#include "common/cli/progress.h"
#include "common/kv/model.h"
#include "common/kv/repository.h"
#include "common/store/stored_repositories.h"

#include <stdlib.h>

struct KvRepositories {
    const ExportOptions *options;
    StoreRanges ranges;
    KvRepository *items; /* in the order of the options */
};

static bool find_repository(const KvRepositories *repositories, const ByteMap *all, size_t number,
                            Error *error)
{
    const char *id = repositories->options->repositories[number];
    KvRepository *repository = &repositories->items[number];
    bool found;

    if (!stored_repository_find(&repositories->ranges, all, slice_text(id), repository, &found,
                                error)) {
        return false;
    }
    if (!found) {
        error_set(error, EXIT_CODE_USAGE, "there is no repository \"%s\"", id);
        return error_hint(error, "--repository takes the id of a repository.");
    }
    return stored_repositories_check_tokens(&repositories->ranges, all, slice_text(id),
                                            &repository->tokens, error);
}

bool kv_repositories_find(const ExportOptions *options, const StoreDriver *driver, Store *store,
                          KvRepositories **repositories, Error *error)
{
    KvRepositories *r = calloc(1, sizeof *r);
    ByteMap all = {0};
    bool done;

    *repositories = r;
    if (r == NULL) {
        return error_out_of_memory(error);
    }
    r->options = options;
    r->ranges = (StoreRanges){store, driver->read_range};
    r->items = calloc(options->repository_count, sizeof *r->items);
    if (r->items == NULL) {
        return error_out_of_memory(error);
    }
    done = stored_repositories_read(&r->ranges, &all, error);
    for (size_t i = 0; done && i < options->repository_count; i++) {
        done = find_repository(r, &all, i, error);
    }
    byte_map_free(&all);
    return done;
}

void kv_repositories_free(KvRepositories *repositories)
{
    if (repositories != NULL) {
        for (size_t i = 0;
             repositories->items != NULL && i < repositories->options->repository_count; i++) {
            kv_repository_free(&repositories->items[i]);
        }
        free(repositories->items);
        free(repositories);
    }
}

/* The worker of a visitor, and whose entries it gets. */
typedef struct Visit {
    const KvRepositories *repositories;
    const EntryVisitor *visitor;
    void *worker;
    const KvRepository *repository; /* NULL: of all */
} Visit;

static bool visit_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    const Visit *visit = state;

    if (visit->repository != NULL) {
        KvRepositoryPart part = kv_repository_part(visit->repository, entry);

        if (part == KV_PART_FOREIGN) {
            return kv_repository_refuse_foreign(visit->repository, entry, error);
        }
        if (part == KV_PART_NONE || part == KV_PART_TRANSIENT) {
            return true;
        }
    }
    progress_add(1, tuple.size);
    return visit->visitor->visit(visit->worker, entry, tuple, error);
}

static bool read_range(const StoreRanges *ranges, Slice partition, Slice prefix, Visit *visit,
                       Error *error)
{
    return ranges->read(ranges->state, partition, prefix, visit_entry, visit, error);
}

static bool read_repository(const StoreRanges *ranges, const KvRepository *repository, Visit *visit,
                            Error *error)
{
    const ByteMapItem *token = byte_map_first(&repository->tokens);
    bool done;

    visit->repository = repository;
    done = read_range(ranges, slice_text(KV_PARTITION_ACTIONS), buffer_slice(&repository->actions),
                      visit, error) &&
           read_range(ranges, slice_text(KV_PARTITION_GRAVELER), buffer_slice(&repository->key),
                      visit, error) &&
           read_range(ranges, slice_text(KV_PARTITION_PULLS), buffer_slice(&repository->pulls),
                      visit, error) &&
           read_range(ranges, buffer_slice(&repository->partition), (Slice){0}, visit, error);
    for (; done && token != NULL; token = byte_map_next(token)) {
        done = read_range(ranges, byte_map_key(token), (Slice){0}, visit, error);
    }
    return done;
}

/* The only part. */
static bool read_all(void *reader, size_t part, void *worker, Error *error)
{
    Visit *visit = reader;
    const KvRepositories *repositories = visit->repositories;
    const ExportOptions *options = repositories->options;
    bool done = true;

    (void)part;
    visit->worker = worker;
    for (size_t i = 0; done && i < options->repository_count; i++) {
        done = read_repository(&repositories->ranges, &repositories->items[i], visit, error);
    }
    visit->repository = NULL;
    return done && (!options->multiparts ||
                    read_range(&repositories->ranges, slice_text(KV_PARTITION_MULTIPARTS),
                               (Slice){0}, visit, error));
}

bool kv_repositories_read(const KvRepositories *repositories, const EntryVisitor *visitor,
                          void *state, Error *error)
{
    Visit visit = {.repositories = repositories, .visitor = visitor};
    WorkPieces parts;

    work_pieces_init(&parts, 1);
    return store_read_parts(&parts, visitor, state, read_all, &visit, error);
}
