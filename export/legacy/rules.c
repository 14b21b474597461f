/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/rules.h"

#include "common/base/workers.h"
#include "common/cli/progress.h"
#include "export/settings/settings.h"

#include <stdlib.h>
#include <string.h>

struct RulesItem {
    Repository *repository;
    char *storage_namespace;
};

typedef struct Fetch {
    const RulesList *list;
    Settings *settings;
    WorkPieces pieces;
} Fetch;

bool rules_add(RulesList *list, Repository *repository, const char *storage_namespace, Error *error)
{
    RulesItem *item;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        RulesItem *items = realloc(list->items, capacity * sizeof *items);

        if (items == NULL) {
            return error_out_of_memory(error);
        }
        list->items = items;
        list->capacity = capacity;
    }
    item = &list->items[list->count];
    item->repository = repository;
    item->storage_namespace = strdup(storage_namespace);
    if (item->storage_namespace == NULL) {
        return error_out_of_memory(error);
    }
    list->count++;
    return true;
}

static bool run_fetcher(void *shared, size_t number, Error *error)
{
    Fetch *fetch = shared;
    size_t i;

    (void)number;
    while (work_pieces_take(&fetch->pieces, &i)) {
        const RulesItem *item = &fetch->list->items[i];

        if (!settings_fetch(fetch->settings, item->repository->id, item->storage_namespace,
                            &item->repository->rules, error)) {
            return false;
        }
        progress_add(1, 0);
    }
    return true;
}

static void stop_fetchers(void *shared)
{
    Fetch *fetch = shared;

    work_pieces_stop(&fetch->pieces);
    settings_stop(fetch->settings);
}

bool rules_fetch(const RulesList *list, const ExportOptions *options, Error *error)
{
    Fetch fetch = {.list = list};
    size_t jobs = (size_t)options->jobs;
    bool done;

    if (list->count == 0) {
        return true;
    }
    work_pieces_init(&fetch.pieces, list->count);
    /* An object store may take long for many. */
    progress_begin("settings", list->count);
    done = settings_open(&options->settings, &fetch.settings, error) &&
           workers_run(jobs < list->count ? jobs : list->count, run_fetcher, &fetch, stop_fetchers,
                       error);
    settings_close(fetch.settings);
    if (done) {
        progress_end();
    }
    return done;
}

void rules_free(RulesList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].storage_namespace);
    }
    free(list->items);
    *list = (RulesList){0};
}
