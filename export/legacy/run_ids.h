/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assigns the new ids of actions runs: derived, and unique across the whole table.  See
 * KV-MODEL.md, "Ids".
 *
 * Two passes keep memory at 12 bytes a run: run_ids_add for every run, then run_ids_seal; then
 * run_ids_assign for the runs in the same order.  The order (repository id, then run id, bytewise)
 * determines which of two runs keeps an id that both derive.
 */
#ifndef EXPORT_LEGACY_RUN_IDS_H
#define EXPORT_LEGACY_RUN_IDS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/xid.h"

typedef struct RunIds RunIds;

bool run_ids_new(RunIds **ids, Error *error);

/* Adds the id that a run derives first. */
bool run_ids_add(RunIds *ids, Xid first, Error *error);

/* Finds the ids that several runs derive. */
bool run_ids_seal(RunIds *ids, Error *error);

/* The id of a run that derives ids with `seconds`.  The same run always gets the same id. */
bool run_ids_assign(RunIds *ids, Slice repository_id, Slice run_id, int64_t seconds, Xid *xid,
                    Error *error);

/* Accepts NULL. */
void run_ids_free(RunIds *ids);

#endif
