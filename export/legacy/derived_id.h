/*
 * Ids that the KV model wants and the legacy database does not have: derived, not random, so that
 * two exports of the same rows hold the same entries.
 *
 * The 8 bytes behind an xid's time are the first ones of SHA-256 over the owner's id, a NUL, and
 * what tells its ids apart; from the second attempt on (an id was taken already) followed by a NUL
 * and the attempt's number.  Text holds no NUL, so no two pairs give the same bytes to hash.
 */
#ifndef EXPORT_LEGACY_DERIVED_ID_H
#define EXPORT_LEGACY_DERIVED_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/time.h"
#include "common/kv/xid.h"

/* The id for an xid's `seconds`, an owner and a name; attempt 0 is the first. */
bool derived_id(int64_t seconds, Slice owner, Slice name, unsigned attempt, Xid *xid, Error *error);

/* The instance id of a repository: the seconds are those of its creation date, and what tells it
 * apart is the date as "<seconds>.<nanos, 9 digits>" since 1970. */
bool derived_instance_id(Slice repository_id, KvTime creation_date, unsigned attempt, Xid *xid,
                         Error *error);

/* The seconds of a run's new id: they count down, so that a key scan lists the newest first. */
int64_t derived_run_seconds(int64_t run_time);

#endif
