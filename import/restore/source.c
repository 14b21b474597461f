/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/source.h"

#include "common/base/digest.h"
#include "common/base/printable.h"
#include "common/cli/progress.h"
#include "common/dump/reader.h"
#include "common/kv/entry.h"
#include "common/kv/model.h"
#include "import/sequential_read.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Digests of tokens: of a dump with millions of branches, all tokens would be too much memory. */
typedef struct DigestList {
    uint64_t *items; /* owned */
    size_t count;
    size_t capacity;
} DigestList;

/* How many of the dump's repositories an error names, each with so many bytes at most. */
enum { NAMES_SHOWN = 10 };

typedef struct Source {
    Slice id;
    pthread_mutex_t mutex; /* guards what follows */
    bool found;
    Buffer record;     /* the value of the repository's entry */
    Buffer branches;   /* tuples: the branches of all instances of the repository */
    DigestList others; /* tokens of the branches of other repositories */
    Buffer names;      /* the first ones of the dump's repositories, for a message */
    uint64_t count;    /* of them all */
} Source;

static bool add_digest(void *state, Slice token, Error *error)
{
    DigestList *list = state;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
        uint64_t *items = realloc(list->items, capacity * sizeof *items);

        if (items == NULL) {
            return error_out_of_memory(error);
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = xxh3_of(token);
    return true;
}

/* An entry of a repository's partition whose key is a branch's. */
static bool take_branch(Source *source, const Entry *entry, Slice tuple, Slice repository_id,
                        Error *error)
{
    bool ignored;

    return slice_equal(repository_id, source->id)
               ? buffer_append(&source->branches, tuple.data, tuple.size, error)
               : kv_branch_tokens(entry->value, add_digest, &source->others, &ignored, error);
}

static bool note_repository(Source *source, Slice name, Error *error)
{
    bool done = source->count >= NAMES_SHOWN ||
                (buffer_append_text(&source->names, source->count == 0 ? "\"" : ", \"", error) &&
                 buffer_append_text(&source->names, PRINTABLE_NAME(name), error) &&
                 buffer_append_text(&source->names, "\"", error));

    source->count++;
    return done;
}

static bool take_repository(Source *source, const Entry *entry, Slice name, Error *error)
{
    if (!note_repository(source, name, error)) {
        return false;
    }
    if (!slice_equal(name, source->id)) {
        return true;
    }
    source->found = true;
    source->record.size = 0;
    return buffer_append(&source->record, entry->value.data, entry->value.size, error);
}

static bool take_entry(Source *source, const Entry *entry, Slice tuple, Error *error)
{
    const size_t prefix = strlen(KV_REPOSITORIES);
    Slice repository_id;
    Slice instance_id;
    bool done = true;

    if (kv_is_branch_key(entry->key) &&
        kv_partition_is_repository(entry->partition_key, &repository_id, &instance_id)) {
        pthread_mutex_lock(&source->mutex);
        done = take_branch(source, entry, tuple, repository_id, error);
        pthread_mutex_unlock(&source->mutex);
    } else if (slice_equal(entry->partition_key, slice_text(KV_PARTITION_GRAVELER)) &&
               entry->key.size >= prefix && memcmp(entry->key.data, KV_REPOSITORIES, prefix) == 0) {
        pthread_mutex_lock(&source->mutex);
        done = take_repository(source, entry,
                               slice_of(entry->key.data + prefix, entry->key.size - prefix), error);
        pthread_mutex_unlock(&source->mutex);
    }
    return done;
}

static bool take_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    const char *problem;
    Entry entry;
    Slice tuple;

    (void)worker;
    (void)entries;
    while (tuples.size > 0 && entry_next_tuple(&tuples, &entry, &tuple, &problem)) {
        if (!take_entry(state, &entry, tuple, error)) {
            return false;
        }
    }
    return true;
}

static bool read_dump(Source *source, const char *file, size_t jobs, Error *error)
{
    static const DumpVisitor TAKING = {.visit = take_chunk};
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    bool found;
    bool done = dump_reader_open(file, &reader, error) &&
                dump_reader_peek_manifest(reader, &found, &manifest, error);

    if (done) {
        progress_begin("check", dump_manifest_entries(&manifest));
        dump_manifest_free(&manifest);
        done = sequential_read_dump(reader, jobs, &TAKING, source, &manifest, error);
    }
    if (done) {
        progress_end();
    }
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

/* Branches of an earlier instance belong to another repository, which had the same name. */
static bool take_tokens(Source *source, KvRepository *repository, Error *error)
{
    Slice rest = buffer_slice(&source->branches);
    const char *problem;
    Entry entry;
    bool ignored;
    bool done = true;

    while (done && rest.size > 0 && entry_next(&rest, &entry, &problem)) {
        done = slice_equal(entry.partition_key, buffer_slice(&repository->partition))
                   ? kv_repository_add_branch(repository, entry.key, entry.value, error)
                   : kv_branch_tokens(entry.value, add_digest, &source->others, &ignored, error);
    }
    return done;
}

static int compare_digests(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Whoever could give a branch the token of another repository's would get its staged objects. */
static bool check_tokens(Source *source, const KvRepository *repository, Error *error)
{
    const ByteMapItem *item = byte_map_first(&repository->tokens);

    if (source->others.count > 0) {
        qsort(source->others.items, source->others.count, sizeof *source->others.items,
              compare_digests);
    }
    for (; item != NULL && source->others.count > 0; item = byte_map_next(item)) {
        Slice token = byte_map_key(item);
        uint64_t digest = xxh3_of(token);

        if (bsearch(&digest, source->others.items, source->others.count,
                    sizeof *source->others.items, compare_digests) != NULL) {
            error_set(error, EXIT_CODE_REFUSED,
                      "in the dump, the staging token \"%s\" of repository \"%s\" is that of "
                      "another repository's branch, too",
                      PRINTABLE_NAME(token), PRINTABLE_NAME(source->id));
            return error_hint(error,
                              "It is not known whose the staged objects are. No lakeFS makes "
                              "such tokens: find out how it came about.");
        }
    }
    return true;
}

static bool fill_repository(Source *source, KvRepository *repository, Error *error)
{
    if (!source->found) {
        error_set(error, EXIT_CODE_USAGE, "the dump has no repository \"%s\"",
                  PRINTABLE_NAME(source->id));
        return source->count == 0 ? error_detail(error, "It has no repositories at all.")
                                  : error_detail(error, "It has %" PRIu64 ": %s%s.", source->count,
                                                 buffer_string(&source->names),
                                                 source->count > NAMES_SHOWN ? " ..." : "");
    }
    if (!kv_repository_set(repository, source->id, buffer_slice(&source->record), error)) {
        return false;
    }
    if (repository->in_deletion) {
        error_set(error, EXIT_CODE_REFUSED,
                  "repository \"%s\" was being deleted when the dump was made",
                  PRINTABLE_NAME(buffer_slice(&repository->id)));
        return error_hint(error, "A part of it may be missing. Take an earlier dump.");
    }
    return take_tokens(source, repository, error) && check_tokens(source, repository, error);
}

bool restore_source_read(const char *file, const char *id, size_t jobs, KvRepository *repository,
                         Error *error)
{
    Source source = {.id = slice_text(id)};
    bool done;

    pthread_mutex_init(&source.mutex, NULL);
    done = read_dump(&source, file, jobs, error) && fill_repository(&source, repository, error);
    buffer_free(&source.record);
    buffer_free(&source.branches);
    buffer_free(&source.names);
    free(source.others.items);
    pthread_mutex_destroy(&source.mutex);
    return done;
}
