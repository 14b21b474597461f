/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that are counted rather than told one by one: runs of actions, uploads, what lakeFS keeps
 * of itself, entries of unknown kinds.
 */
#ifndef IMPORT_DIFF_COUNTED_H
#define IMPORT_DIFF_COUNTED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "import/diff/change.h"
#include "import/diff/text_line.h"

/* What lakeFS keeps of itself, and changes while nobody does anything. */
typedef enum OwnKind {
    OWN_INSTANCES,
    OWN_BRANCH_OWNERS,
    OWN_USAGE,
    OWN_START_UP,
    OWN_EXPIRED_TOKENS,
    OWN_TASKS,
    OWN_IMPORTS,
    OWN_UPLOAD_ADDRESSES,
    OWN_EMPTIED_AREAS,
    OWN_KINDS,
    OWN_NONE /* something else */
} OwnKind;

/* Which of these an entry is. */
OwnKind counted_own_kind(const Change *change);

/* Whether an entry only leads to another one, with which it is told. */
bool counted_is_index(const Change *change);

/* {0} counts nothing yet.  End with counted_free. */
typedef struct Counted {
    uint64_t own[OWN_KINDS];
    uint64_t uploads[CHANGE_KINDS];
    Buffer repository_id; /* of the runs */
    uint64_t runs[CHANGE_KINDS];
    uint64_t passed; /* of the runs that were added */
    uint64_t hooks[CHANGE_KINDS];
    Buffer partition_key; /* of what is unknown */
    uint64_t unknown[CHANGE_KINDS];
} Counted;

/* Counts a change.  Changes come sorted by partition and key: writes the lines that are complete
 * with this one. */
bool counted_add(Counted *counted, const Change *change, TextLine *line, Error *error);

/* Writes what is left. */
bool counted_print(Counted *counted, TextLine *line);

void counted_free(Counted *counted);

#endif
