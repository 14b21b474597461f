/*
 * The new ids of actions runs: derived, and unique over the whole table.
 *
 * Two passes, so that memory stays at 12 bytes a run: first run_ids_add for every run and
 * run_ids_seal; then, with the runs in the same order, run_ids_assign.  The order (repository id,
 * then run id, bytewise) makes it deterministic which of two runs keeps an id that both derive.
 */
#ifndef EXPORT_LEGACY_RUN_IDS_H
#define EXPORT_LEGACY_RUN_IDS_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/xid.h"

typedef struct RunIds RunIds;

bool run_ids_new(RunIds **ids, Error *error);

/* Notes the id that a run derives first. */
bool run_ids_add(RunIds *ids, Xid first, Error *error);

/* Finds the ids that several runs derive. */
bool run_ids_seal(RunIds *ids, Error *error);

/* The id of a run that derives ids with `seconds`; the same run gets the same id again. */
bool run_ids_assign(RunIds *ids, Slice repository_id, Slice run_id, int64_t seconds, Xid *xid,
                    Error *error);

/* Takes NULL. */
void run_ids_free(RunIds *ids);

#endif
