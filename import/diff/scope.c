/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/scope.h"

#include "common/base/byte_map.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "common/store/stored_repositories.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How many repositories are named in the output. */
enum { NAMES_SHOWN = 10 };

static bool names(const DumpHeader *header, Slice id)
{
    for (size_t i = 0; i < header->repository_count; i++) {
        if (slice_equal(slice_text(header->repositories[i]), id)) {
            return true;
        }
    }
    return false;
}

static bool names_all(const DumpHeader *header, const DumpHeader *other)
{
    for (size_t i = 0; i < other->repository_count; i++) {
        if (!names(header, slice_text(other->repositories[i]))) {
            return false;
        }
    }
    return true;
}

bool diff_scope_choose(DiffScope *scope, const DumpHeader *old_header, const DumpHeader *new_header,
                       Error *error)
{
    bool old_limited = old_header->repository_count > 0;
    bool new_limited = new_header != NULL && new_header->repository_count > 0;

    scope->header = old_limited ? old_header : new_limited ? new_header : NULL;
    scope->filters = old_limited != new_limited;
    scope->limited = old_limited ? DIFF_OLD : DIFF_NEW;
    if (!old_limited || !new_limited ||
        (names_all(old_header, new_header) && names_all(new_header, old_header))) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "the two dumps are limited to different repositories");
    error_detail(error, "The old one holds %s\"%s\", the new one %s\"%s\".",
                 old_header->repository_count > 1 ? "repositories such as " : "repository ",
                 old_header->repositories[0],
                 new_header->repository_count > 1 ? "repositories such as " : "repository ",
                 new_header->repositories[0]);
    return error_hint(error, "Compare dumps of the same repositories, or one of them with a dump "
                             "of all.");
}

/* What is learned from one side. */
typedef struct Learning {
    const DiffScope *scope;
    pthread_mutex_t mutex; /* guards what follows */
    ByteMap records;       /* by id */
    Buffer branches;       /* tuples: of all instances of the repositories */
} Learning;

static bool learn_entry(void *state, const Entry *entry, Slice tuple, Error *error)
{
    const size_t prefix = strlen(KV_REPOSITORIES);
    Learning *learning = state;
    Slice id;
    Slice instance_id;
    bool done = true;

    if (kv_is_branch_key(entry->key) &&
        kv_partition_is_repository(entry->partition_key, &id, &instance_id)) {
        if (names(learning->scope->header, id)) {
            pthread_mutex_lock(&learning->mutex);
            done = buffer_append(&learning->branches, tuple.data, tuple.size, error);
            pthread_mutex_unlock(&learning->mutex);
        }
    } else if (slice_equal(entry->partition_key, slice_text(KV_PARTITION_GRAVELER)) &&
               entry->key.size > prefix && memcmp(entry->key.data, KV_REPOSITORIES, prefix) == 0) {
        id = slice_of(entry->key.data + prefix, entry->key.size - prefix);
        if (names(learning->scope->header, id)) {
            pthread_mutex_lock(&learning->mutex);
            done = byte_map_set(&learning->records, id, entry->value, error);
            pthread_mutex_unlock(&learning->mutex);
        }
    }
    return done;
}

/* Room for the repositories of one more side. */
static bool reserve(DiffScope *scope, Error *error)
{
    size_t more = scope->header->repository_count;
    KvRepository *items = realloc(scope->items, (scope->count + more) * sizeof *items);

    if (items == NULL) {
        return error_out_of_memory(error);
    }
    memset(items + scope->count, 0, more * sizeof *items);
    scope->items = items;
    return true;
}

/* Branches of an earlier instance belong to another repository, which had the same name. */
static bool add_branches(DiffScope *scope, size_t first, Slice branches, Error *error)
{
    const char *problem;
    Entry entry;
    ByteMap owners = {0}; /* by partition: the number of the repository */
    Slice number;
    bool done = true;

    for (size_t i = first; done && i < scope->count; i++) {
        done = byte_map_set(&owners, buffer_slice(&scope->items[i].partition),
                            slice_of((const uint8_t *)&i, sizeof i), error);
    }
    while (done && branches.size > 0 && entry_next(&branches, &entry, &problem)) {
        size_t i;

        if (byte_map_value(&owners, entry.partition_key, &number)) {
            memcpy(&i, number.data, sizeof i);
            done = kv_repository_add_branch(&scope->items[i], entry.key, entry.value, error);
        }
    }
    byte_map_free(&owners);
    return done;
}

static bool add_learned(DiffScope *scope, const Learning *learning, Error *error)
{
    const size_t first = scope->count;
    const ByteMapItem *item = byte_map_first(&learning->records);
    bool done = reserve(scope, error);

    for (; done && item != NULL; item = byte_map_next(item)) {
        Slice value;

        done = !byte_map_value(&learning->records, byte_map_key(item), &value) ||
               kv_repository_set(&scope->items[scope->count++], byte_map_key(item), value, error);
    }
    return done && add_branches(scope, first, buffer_slice(&learning->branches), error);
}

bool diff_scope_learn_dump(DiffScope *scope, DumpFile *file, size_t workers, Error *error)
{
    Learning learning = {.scope = scope};
    bool done;

    pthread_mutex_init(&learning.mutex, NULL);
    dump_file_choose_repositories(file);
    progress_begin("repositories", 0);
    done = dump_file_read(file, false, workers, learn_entry, &learning, NULL, error);
    if (done) {
        progress_end();
        dump_file_choose_all(file);
    }
    done = done && add_learned(scope, &learning, error);
    byte_map_free(&learning.records);
    buffer_free(&learning.branches);
    pthread_mutex_destroy(&learning.mutex);
    return done;
}

bool diff_scope_learn_store(DiffScope *scope, const StoreRanges *ranges, Error *error)
{
    ByteMap all = {0};
    bool done = reserve(scope, error) && stored_repositories_read(ranges, &all, error);

    for (size_t i = 0; done && i < scope->header->repository_count; i++) {
        bool found;

        done = stored_repository_find(ranges, &all, slice_text(scope->header->repositories[i]),
                                      &scope->items[scope->count], &found, error);
        /* Also one that failed is to be freed. */
        scope->count += !done || found ? 1 : 0;
    }
    byte_map_free(&all);
    return done;
}

bool diff_scope_covers(const DiffScope *scope, DiffSide side, const Entry *entry)
{
    if (!scope->filters || side == scope->limited) {
        return true;
    }
    for (size_t i = 0; i < scope->count; i++) {
        KvRepositoryPart part = kv_repository_part(&scope->items[i], entry);

        if (part != KV_PART_NONE) {
            return part != KV_PART_TRANSIENT;
        }
    }
    /* Of all repositories, in a dump that has them. */
    return slice_equal(entry->partition_key, slice_text(KV_PARTITION_MULTIPARTS));
}

void diff_scope_add(const DiffScope *scope, TextLine *line)
{
    const DumpHeader *header = scope->header;

    text_add(line, header->repository_count == 1 ? "repository " : "repositories ");
    for (size_t i = 0; i < header->repository_count && i < NAMES_SHOWN; i++) {
        text_add(line, "%s", i == 0 ? "" : ", ");
        text_name(line, slice_text(header->repositories[i]));
    }
    text_add(line, "%s", header->repository_count > NAMES_SHOWN ? " ..." : "");
}

void diff_scope_warn(const DiffScope *scope)
{
    const DumpHeader *header = scope->header;

    if (!scope->filters) {
        return;
    }
    if (header->repository_count == 1) {
        message_warning("only repository \"%s\" is compared: a dump is limited to it",
                        header->repositories[0]);
    } else {
        message_warning("only %zu repositories are compared, such as \"%s\": a dump is limited to "
                        "them",
                        header->repository_count, header->repositories[0]);
    }
}

void diff_scope_free(DiffScope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        kv_repository_free(&scope->items[i]);
    }
    free(scope->items);
    *scope = (DiffScope){0};
}
