/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the changed commits of one repository, and names the newest.
 */
#ifndef IMPORT_DIFF_COMMIT_GROUP_H
#define IMPORT_DIFF_COMMIT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "import/diff/change.h"
#include "import/diff/text_line.h"

enum { COMMITS_NAMED = 3 };

typedef struct NamedCommit {
    int64_t seconds;
    int32_t nanos;
    Buffer value; /* the CommitData; empty: none */
} NamedCommit;

/* {0} is an empty one.  End with commit_group_free. */
typedef struct CommitGroup {
    Buffer repository_id;
    uint64_t counts[CHANGE_KINDS];
    NamedCommit newest[COMMITS_NAMED]; /* of those that were added, the newest first */
} CommitGroup;

/* Counts a commit.  All of a group are of the same repository. */
bool commit_group_add(CommitGroup *group, const Change *change, Error *error);

/* Writes the lines, unless there are no commits, and empties the group. */
bool commit_group_print(CommitGroup *group, TextLine *line);

void commit_group_free(CommitGroup *group);

#endif
