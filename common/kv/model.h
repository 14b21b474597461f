/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KV model: partitions, keys and the version.  The only place that knows how they are written.
 *
 * Source: common/kv/KV-MODEL.md, "Partitions and keys" and "The version".  Values are the messages
 * of the .proto files in this folder.
 *
 * The key functions replace the contents of `key`; parts are joined with "/".  They return false
 * when out of memory.
 */
#ifndef COMMON_KV_MODEL_H
#define COMMON_KV_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

#define KV_PARTITION_AUTH "auth"
#define KV_PARTITION_ACTIONS "actions"
#define KV_PARTITION_MULTIPARTS "multiparts"
#define KV_PARTITION_GRAVELER "graveler"
#define KV_PARTITION_INTERNAL "kv-internal-metadata"

/* Partitions of later versions of lakeFS. */
#define KV_PARTITION_BASIC_AUTH "basicAuth"
#define KV_PARTITION_ACL_AUTH "aclauth"
#define KV_PARTITION_PULLS "pulls"
#define KV_PARTITION_CLEANUP "cleanup-tokens"
#define KV_PARTITION_OWNERSHIP "mc-ownership"
#define KV_PARTITION_CATALOG "catalog"
#define KV_PARTITION_USAGE "usage"

/* Default name of the table in PostgreSQL. */
#define KV_TABLE_NAME "kv"

/* The key of the version, in KV_PARTITION_INTERNAL. */
#define KV_VERSION_KEY "kv/schema/version"

enum {
    KV_VERSION_STARTED = 0, /* a migration was started but has not succeeded */
    KV_VERSION_MIGRATED = 1 /* migrated from the legacy tables */
};

/* What exists in place of a KV store. */
typedef enum KvStoreState {
    KV_STORE_NONE,    /* nothing of that name */
    KV_STORE_EMPTY,   /* a KV store with neither entries nor a version */
    KV_STORE_BEGUN,   /* no version, and only what lakeFS writes when it starts: not set up */
    KV_STORE_STARTED, /* version 0: an unfinished load */
    KV_STORE_STAMPED  /* version 1 or more */
} KvStoreState;

/* Parses the value of the version's entry; false if it is not a version. */
bool kv_version_parse(Slice value, uint64_t *version);

/* The key of the installation id, in addition to its metadata entry. */
#define KV_INSTALLATION_ID_KEY "installation_id"

/* Prefixes of keys, by partition.  Of KV_PARTITION_AUTH: */
#define KV_USERS "users/"
#define KV_GROUPS "groups/"
#define KV_POLICIES "policies/"
#define KV_GROUP_USERS "gUsers/"
#define KV_USER_POLICIES "uPolicies/"
#define KV_GROUP_POLICIES "gPolicies/"
#define KV_USER_CREDENTIALS "uCredentials/"
#define KV_EXPIRED_TOKENS "expiredTokens/"
#define KV_INSTALLATION_METADATA "installation_metadata/"

/* Of KV_PARTITION_GRAVELER and KV_PARTITION_ACTIONS.  In the latter a repository id and one of the
 * KV_IN_ parts follow. */
#define KV_REPOSITORIES "repos/"
#define KV_IN_RUNS "/runs/"
#define KV_IN_BRANCHES "/branches/"
#define KV_IN_COMMITS "/commits/"
#define KV_IN_TASKS "/tasks/"

/* Of a repository's own partition. */
#define KV_COMMITS "commits/"
#define KV_BRANCHES "branches/"
#define KV_TAGS "tags/"
#define KV_PULLS "pulls/"
#define KV_IMPORTS "imports/"
#define KV_TASKS "tasks/"
#define KV_LINK_ADDRESSES "link-addresses/"
#define KV_REPOSITORY_METADATA_KEY "repo-metadata"

/* What the ids of tasks begin with, by kind; 20 characters follow, which are no xid.  Source:
 * lakeFS's pkg/catalog; the last two are only written by its commercial editions. */
#define KV_TASK_DUMP "DR"
#define KV_TASK_RESTORE "RR"
#define KV_TASK_PREPARE_COMMITS "GCPC"
#define KV_TASK_COMMIT "CA"
#define KV_TASK_MERGE "MA"

/* The one user of KV_PARTITION_BASIC_AUTH, whatever his name. */
#define KV_SUPER_ADMIN "superAdmin"

/* Of KV_PARTITION_OWNERSHIP; "<length of the repository's id>:<repository id>/<branch>" follows. */
#define KV_BRANCH_OWNERS "run-refs/approximate-branch-owner/"

/* Of KV_PARTITION_CATALOG. */
#define KV_INSTANCES "instances/"

/* Of KV_PARTITION_USAGE; "<installation id>/<YYYYMM>" follows. */
#define KV_MONTHLY_USAGE "usage/monthly/"

/* The partition of a repository's entities: `<repository id>-<instance id>`. */
bool kv_partition_repository(Buffer *partition, Slice repository_id, const char *instance_id,
                             Error *error);

/* Whether a partition's name has that form; *repository_id and *instance_id are its parts. */
bool kv_partition_is_repository(Slice partition, Slice *repository_id, Slice *instance_id);

bool kv_key_user(Buffer *key, Slice user, Error *error);
bool kv_key_group(Buffer *key, Slice group, Error *error);
bool kv_key_policy(Buffer *key, Slice policy, Error *error);
bool kv_key_group_user(Buffer *key, Slice group, Slice user, Error *error);
bool kv_key_user_policy(Buffer *key, Slice user, Slice policy, Error *error);
bool kv_key_group_policy(Buffer *key, Slice group, Slice policy, Error *error);
bool kv_key_credential(Buffer *key, Slice user, Slice access_key_id, Error *error);
bool kv_key_expired_token(Buffer *key, Slice token_id, Error *error);
bool kv_key_installation_metadata(Buffer *key, Slice name, Error *error);

bool kv_key_run(Buffer *key, Slice repository_id, const char *run_id, Error *error);
bool kv_key_branch_run(Buffer *key, Slice repository_id, Slice branch_id, const char *run_id,
                       Error *error);
bool kv_key_commit_run(Buffer *key, Slice repository_id, Slice commit_id, const char *run_id,
                       Error *error);
bool kv_key_task(Buffer *key, Slice repository_id, const char *run_id, Slice hook_run_id,
                 Error *error);

/* Whether it is the key of a run with this id. */
bool kv_run_key_matches(Slice key, Slice run_id);

/* Finds the parts of the key of a task with this hook run id; false if it is no such key.  Run ids
 * contain no "/". */
bool kv_task_key_parse(Slice key, Slice hook_run_id, Slice *repository_id, Slice *run_id);

bool kv_key_repository(Buffer *key, Slice repository_id, Error *error);
bool kv_key_commit(Buffer *key, Slice commit_id, Error *error);
bool kv_key_branch(Buffer *key, Slice branch_id, Error *error);
bool kv_key_tag(Buffer *key, Slice tag_id, Error *error);

/* The key of a repository's branch protection rules, in the repository's partition. */
#define KV_BRANCH_PROTECTION_KEY "settings/protected_branches"

#endif
