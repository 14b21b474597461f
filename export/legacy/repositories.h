/*
 * The repositories that are migrated: the partition of each, and the staging tokens of their
 * branches.  Filled once, then only read, by all workers.
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
    Slice partition;      /* of its own entities */
    SettingsObject rules; /* its branch protection, once fetched */
} Repository;

bool repositories_new(Repositories **repositories, Error *error);

/* Adds a repository and derives its instance id, which no other one has.  The order of calls must
 * not depend on chance.  The result belongs to the set. */
bool repositories_add(Repositories *repositories, const char *id, KvTime creation_date,
                      Repository **repository, Error *error);

/* NULL where there is none of this id. */
const Repository *repositories_find(const Repositories *repositories, const char *id);

/*
 * Adds a branch's staging token, as it is in the database and as the valid text that is the name of
 * its partition.  *clash is true, and nothing is added, where that is the name of another partition
 * of the KV store already.
 */
bool repositories_add_token(Repositories *repositories, Slice token, const char *text, bool *clash,
                            Error *error);

/* Finds the partition of a token as it is in the database; false where it is on no branch. */
bool repositories_find_token(const Repositories *repositories, Slice token, Slice *partition);

/* Takes NULL. */
void repositories_free(Repositories *repositories);

#endif
