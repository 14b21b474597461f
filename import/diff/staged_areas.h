/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts changes of staged objects by branch.  An object is in the partition of a staging token,
 * and only the branch knows which tokens are its own: so first add the changes, then show the
 * branches of both stores until all tokens are known.
 */
#ifndef IMPORT_DIFF_STAGED_AREAS_H
#define IMPORT_DIFF_STAGED_AREAS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/kv/entry.h"
#include "import/diff/change.h"
#include "import/diff/text_line.h"

typedef struct StagedAreas StagedAreas;

bool staged_areas_new(StagedAreas **areas, Error *error);

/* Counts the change of a staged object. */
bool staged_areas_add(StagedAreas *areas, const Change *change, Error *error);

/* Learns the tokens of a branch; does nothing for other entries.  Thread-safe, but not while
 * changes are added. */
bool staged_areas_learn(StagedAreas *areas, const Entry *entry, Error *error);

/* Whether the branches of all tokens are known. */
bool staged_areas_known(const StagedAreas *areas);

/* Writes a line for each branch and kind of change, sorted by repository and branch. */
bool staged_areas_print(StagedAreas *areas, TextLine *line);

/* Accepts NULL. */
void staged_areas_free(StagedAreas *areas);

#endif
