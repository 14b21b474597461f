/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a repository consists of: which entries of a KV store belong to it, and how they refer to
 * each other.  The only place that knows.
 *
 * Source: common/kv/KV-MODEL.md, "One repository".
 *
 * Start with the value of the repository's entry (kv_repository_set), then add the staging tokens
 * of all its branches (kv_repository_add_branch); from then on kv_repository_part tells for any
 * entry of the store whether it is part of the repository.
 */
#ifndef COMMON_KV_REPOSITORY_H
#define COMMON_KV_REPOSITORY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/byte_map.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

/* The fields of RepositoryData that make it a unit; they point into the value. */
typedef struct KvRepositoryRecord {
    Slice id;
    Slice storage_namespace;
    Slice instance_id;
    Slice storage_id; /* empty: the installation's only block store */
    bool in_deletion;
} KvRepositoryRecord;

/* Field numbers of what a copy changes. */
enum {
    KV_REPOSITORY_ID_FIELD = 1,
    KV_REPOSITORY_NAMESPACE_FIELD = 2,
    KV_REPOSITORY_INSTANCE_FIELD = 6,
    KV_BRANCH_TOKEN_FIELD = 3,
    KV_BRANCH_SEALED_FIELD = 4,
    KV_INDEX_KEY_FIELD = 1
};

/* Reads the value of a repository's entry; false if it is malformed. */
bool kv_repository_read(Slice value, KvRepositoryRecord *record);

/* {0} is none; end with kv_repository_free. */
typedef struct KvRepository {
    Buffer id;
    Buffer storage_namespace;
    Buffer partition; /* of its branches, commits, tags ... */
    Buffer key;       /* of its entry in KV_PARTITION_GRAVELER */
    Buffer record;    /* the value of that entry */
    Buffer actions;   /* what the keys of its runs begin with, in KV_PARTITION_ACTIONS */
    Buffer pulls;     /* what the keys of its pull requests' index begin with, in
                       * KV_PARTITION_PULLS */
    ByteMap tokens;   /* staging tokens of its branches: the names of partitions.  The value is
                       * the new name, if it gets one, see repository_copy.h */
    bool in_deletion;
} KvRepository;

/*
 * Sets everything but the tokens from the entry of the repository `id`.  EXIT_CODE_REFUSED if the
 * entry contradicts its key or is none that lakeFS could have written: what it led to might belong
 * to another repository.
 */
bool kv_repository_set(KvRepository *repository, Slice id, Slice value, Error *error);

/* Adds the staging tokens of a branch, given its entry's value.  EXIT_CODE_REFUSED for a token that
 * is the name of a partition of another kind, and for a value that is no branch. */
bool kv_repository_add_branch(KvRepository *repository, Slice key, Slice value, Error *error);

/* Calls the function for each staging token in a branch's value; *valid is false if the value is
 * malformed. */
typedef bool KvTokenFunction(void *state, Slice token, Error *error);
bool kv_branch_tokens(Slice value, KvTokenFunction *function, void *state, bool *valid,
                      Error *error);

/* The parts of a repository. */
typedef enum KvRepositoryPart {
    KV_PART_NONE, /* not an entry of the repository */
    KV_PART_RECORD,
    KV_PART_BRANCH,
    KV_PART_COMMIT,
    KV_PART_TAG,
    KV_PART_PULL,
    KV_PART_SETTING, /* protected branches, metadata, and whatever else is in its partition */
    KV_PART_STAGED,
    KV_PART_RUN,
    KV_PART_RUN_TASK,
    KV_PART_RUN_INDEX,
    KV_PART_PULL_INDEX,
    KV_PART_TRANSIENT, /* work in progress of a running lakeFS: not part of a copy */
    KV_PART_FOREIGN,   /* in a partition that a staging token names, but no staged object */
    KV_PARTS
} KvRepositoryPart;

KvRepositoryPart kv_repository_part(const KvRepository *repository, const Entry *entry);

/* Sets the error for an entry that is KV_PART_FOREIGN: EXIT_CODE_REFUSED.  The staging token cannot
 * be trusted, and the entry may be anybody's.  Always returns false. */
bool kv_repository_refuse_foreign(const KvRepository *repository, const Entry *entry, Error *error);

/* Whether a key is that of a branch in a repository's partition. */
bool kv_is_branch_key(Slice key);

void kv_repository_free(KvRepository *repository);

#endif
