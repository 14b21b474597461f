/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The repositories to migrate: their partitions, and the staging tokens of their branches.  Filled
 * once, then read by all workers.
 */
#ifndef EXPORT_LEGACY_REPOSITORIES_H
#define EXPORT_LEGACY_REPOSITORIES_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/time.h"
#include "common/kv/xid.h"
#include "export/settings/settings.h"

typedef struct Repositories Repositories;

typedef struct Repository {
    const char *id;
    char instance_id[XID_TEXT_SIZE + 1];
    Slice partition;      /* of its branches, commits, tags and rules */
    SettingsObject rules; /* its branch protection rules, once fetched */
    bool chosen;          /* its rows are exported */
} Repository;

/* A staging token as it is in the database, and the partition of its entries. */
typedef struct StagingToken {
    Slice token;
    Slice partition;
    bool chosen; /* its repository is */
} StagingToken;

bool repositories_new(Repositories **repositories, Error *error);

/* Adds a repository and derives a unique instance id.  The order of calls must be deterministic.
 * The result belongs to the set. */
bool repositories_add(Repositories *repositories, const char *id, KvTime creation_date,
                      Repository **repository, Error *error);

/* NULL if there is none. */
const Repository *repositories_find(const Repositories *repositories, const char *id);

/*
 * Adds a branch's staging token: `token` as it is in the database, `text` as the valid UTF-8 that
 * names its partition.  Unless it is there already, *is_new is true; if the text already names
 * another partition of the KV store, *clash is true instead and nothing is added.  `chosen`:
 * the branch's repository is.
 */
bool repositories_add_token(Repositories *repositories, Slice token, const char *text, bool chosen,
                            bool *clash, bool *is_new, Error *error);

/* Finds a token as it is in the database; NULL if it is on no branch.  The result belongs to the
 * set. */
const StagingToken *repositories_find_token(const Repositories *repositories, Slice token);

/* Accepts NULL. */
void repositories_free(Repositories *repositories);

#endif
