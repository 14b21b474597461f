/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/repositories.h"

#include "common/base/buffer.h"
#include "common/base/hash.h"
#include "common/kv/model.h"
#include "export/legacy/derived_id.h"
#include "export/legacy/key_set.h"

#include <stdlib.h>
#include <string.h>

typedef struct Item {
    Repository repository;
    Buffer partition;
    UT_hash_handle by_id;
    char id[];
} Item;

typedef struct Token {
    StagingToken token;
    UT_hash_handle hh;
    char bytes[]; /* the token, followed by the partition's name */
} Token;

struct Repositories {
    Item *items;
    KeySet *instance_ids;
    KeySet *partitions;
    Token *tokens;
};

static bool add_fixed_partitions(KeySet *partitions, Error *error)
{
    static const char *const FIXED[] = {KV_PARTITION_ACTIONS, KV_PARTITION_AUTH,
                                        KV_PARTITION_GRAVELER, KV_PARTITION_INTERNAL,
                                        KV_PARTITION_MULTIPARTS};
    bool added;

    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++) {
        if (!key_set_add(partitions, slice_text(FIXED[i]), &added, error)) {
            return false;
        }
    }
    return true;
}

bool repositories_new(Repositories **repositories, Error *error)
{
    Repositories *r = calloc(1, sizeof *r);

    *repositories = NULL;
    if (r == NULL) {
        return error_out_of_memory(error);
    }
    if (!key_set_new(&r->instance_ids, error) || !key_set_new(&r->partitions, error) ||
        !add_fixed_partitions(r->partitions, error)) {
        repositories_free(r);
        return false;
    }
    *repositories = r;
    return true;
}

static bool derive_instance_id(Repositories *repositories, const char *id, KvTime creation_date,
                               char text[XID_TEXT_SIZE + 1], Error *error)
{
    bool added = false;

    for (unsigned attempt = 0; !added; attempt++) {
        Xid xid;

        if (!derived_instance_id(slice_text(id), creation_date, attempt, &xid, error)) {
            return false;
        }
        xid_to_text(xid, text);
        if (!key_set_add(repositories->instance_ids, slice_text(text), &added, error)) {
            return false;
        }
    }
    return true;
}

bool repositories_add(Repositories *repositories, const char *id, KvTime creation_date,
                      Repository **repository, Error *error)
{
    size_t size = strlen(id);
    Item *item = calloc(1, sizeof *item + size + 1);
    bool added;

    if (item == NULL) {
        return error_out_of_memory(error);
    }
    memcpy(item->id, id, size + 1);
    item->repository.id = item->id;
    HASH_ADD_KEYPTR(by_id, repositories->items, item->id, size, item);
    if (!HASH_ADDED(by_id, item)) {
        free(item);
        return error_out_of_memory(error);
    }
    *repository = &item->repository;
    if (!derive_instance_id(repositories, id, creation_date, item->repository.instance_id, error) ||
        !kv_partition_repository(&item->partition, slice_text(id), item->repository.instance_id,
                                 error)) {
        return false;
    }
    item->repository.partition = buffer_slice(&item->partition);
    return key_set_add(repositories->partitions, item->repository.partition, &added, error);
}

const Repository *repositories_find(const Repositories *repositories, const char *id)
{
    Item *item;

    HASH_FIND(by_id, repositories->items, id, strlen(id), item);
    return item == NULL ? NULL : &item->repository;
}

const StagingToken *repositories_find_token(const Repositories *repositories, Slice token)
{
    const Token *found;

    HASH_FIND(hh, repositories->tokens, token.data, token.size, found);
    return found == NULL ? NULL : &found->token;
}

bool repositories_add_token(Repositories *repositories, Slice token, const char *text, bool chosen,
                            bool *clash, bool *is_new, Error *error)
{
    size_t text_size = strlen(text);
    Token *added;

    *clash = false;
    *is_new = false;
    if (repositories_find_token(repositories, token) != NULL) {
        return true; /* several branches may share one */
    }
    if (!key_set_add(repositories->partitions, slice_text(text), is_new, error)) {
        return false;
    }
    *clash = !*is_new;
    if (*clash) {
        return true;
    }
    added = malloc(sizeof *added + token.size + text_size);
    if (added == NULL) {
        return error_out_of_memory(error);
    }
    memcpy(added->bytes, token.data, token.size);
    memcpy(added->bytes + token.size, text, text_size);
    added->token.token = slice_of(added->bytes, token.size);
    added->token.partition = slice_of(added->bytes + token.size, text_size);
    added->token.chosen = chosen;
    HASH_ADD_KEYPTR(hh, repositories->tokens, added->bytes, token.size, added);
    if (!HASH_ADDED(hh, added)) {
        free(added);
        return error_out_of_memory(error);
    }
    return true;
}

void repositories_free(Repositories *repositories)
{
    Item *item;
    Item *next;
    Token *token;
    Token *next_token;

    if (repositories == NULL) {
        return;
    }
    HASH_ITER(by_id, repositories->items, item, next)
    {
        HASH_DELETE(by_id, repositories->items, item);
        buffer_free(&item->repository.rules.content);
        buffer_free(&item->partition);
        free(item);
    }
    key_set_free(repositories->instance_ids);
    key_set_free(repositories->partitions);
    HASH_ITER(hh, repositories->tokens, token, next_token)
    {
        HASH_DELETE(hh, repositories->tokens, token);
        free(token);
    }
    free(repositories);
}
