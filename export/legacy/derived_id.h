/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Derives ids that the KV model needs and the legacy database lacks.  They are not random, so that
 * two exports of the same rows contain the same entries.  See KV-MODEL.md, "Ids".
 *
 * The 8 bytes after an xid's time are the first 8 of SHA-256 over the owner's id, a NUL, and a name
 * that is unique for the owner; from the second attempt on (the id was taken) followed by a NUL and
 * the number of the attempt.  Text contains no NUL, so no two pairs hash the same bytes.
 */
#ifndef EXPORT_LEGACY_DERIVED_ID_H
#define EXPORT_LEGACY_DERIVED_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/time.h"
#include "common/kv/xid.h"

/* Derives an id from the xid's `seconds`, an owner and a name.  The first attempt is 0. */
bool derived_id(int64_t seconds, Slice owner, Slice name, unsigned attempt, Xid *xid, Error *error);

/* Derives the instance id of a repository: the seconds are those of its creation date, the name is
 * that date as "<seconds>.<nanos, 9 digits>" since 1970. */
bool derived_instance_id(Slice repository_id, KvTime creation_date, unsigned attempt, Xid *xid,
                         Error *error);

/* The seconds of a run's new id: they count down, so that a scan of the keys lists the newest
 * first.
 */
int64_t derived_run_seconds(int64_t run_time);

#endif
