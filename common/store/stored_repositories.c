/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/stored_repositories.h"

#include "common/base/interrupt.h"
#include "common/base/printable.h"
#include "common/kv/model.h"

#include <string.h>

static bool add_repository(void *state, const Entry *entry, Slice tuple, Error *error)
{
    const size_t prefix = strlen(KV_REPOSITORIES);

    (void)tuple;
    return byte_map_set(state, slice_of(entry->key.data + prefix, entry->key.size - prefix),
                        entry->value, error);
}

bool stored_repositories_read(const StoreRanges *ranges, ByteMap *repositories, Error *error)
{
    return ranges->read(ranges->state, slice_text(KV_PARTITION_GRAVELER),
                        slice_text(KV_REPOSITORIES), add_repository, repositories, error);
}

static bool add_branch(void *state, const Entry *entry, Slice tuple, Error *error)
{
    (void)tuple;
    return kv_repository_add_branch(state, entry->key, entry->value, error);
}

bool stored_repository_find(const StoreRanges *ranges, const ByteMap *repositories, Slice id,
                            KvRepository *repository, bool *found, Error *error)
{
    Slice value;

    *found = byte_map_value(repositories, id, &value);
    return !*found || (kv_repository_set(repository, id, value, error) &&
                       ranges->read(ranges->state, buffer_slice(&repository->partition),
                                    slice_text(KV_BRANCHES), add_branch, repository, error));
}

/* Whose branches are looked at, and which tokens they must not have. */
typedef struct Search {
    Slice id;
    const ByteMap *tokens;
} Search;

static bool check_token(void *state, Slice token, Error *error)
{
    const Search *search = state;

    if (!byte_map_contains(search->tokens, token)) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the staging token \"%s\" is that of a branch of repository \"%s\", too",
              PRINTABLE_NAME(token), PRINTABLE_NAME(search->id));
    return error_hint(error, "The two would share their staged objects. With --as the entries get "
                             "tokens of their own.");
}

static bool check_branch(void *state, const Entry *entry, Slice tuple, Error *error)
{
    bool ignored;

    (void)tuple;
    return kv_branch_tokens(entry->value, check_token, state, &ignored, error);
}

bool stored_repositories_check_tokens(const StoreRanges *ranges, const ByteMap *repositories,
                                      Slice own, const ByteMap *tokens, Error *error)
{
    const ByteMapItem *item = byte_map_count(tokens) > 0 ? byte_map_first(repositories) : NULL;
    Buffer partition = {0};
    bool done = true;

    for (; done && item != NULL; item = byte_map_next(item)) {
        Search search = {byte_map_key(item), tokens};
        KvRepositoryRecord record;
        Slice value;

        if (slice_equal(search.id, own) || !byte_map_value(repositories, search.id, &value) ||
            !kv_repository_read(value, &record)) {
            continue;
        }
        partition.size = 0;
        done = interrupt_check(error) &&
               buffer_append(&partition, search.id.data, search.id.size, error) &&
               buffer_append_text(&partition, "-", error) &&
               buffer_append(&partition, record.instance_id.data, record.instance_id.size, error) &&
               ranges->read(ranges->state, buffer_slice(&partition), slice_text(KV_BRANCHES),
                            check_branch, &search, error);
    }
    buffer_free(&partition);
    return done;
}
