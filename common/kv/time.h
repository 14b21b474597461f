/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts times: from PostgreSQL to the KV model, and from the id of an actions run.
 */
#ifndef COMMON_KV_TIME_H
#define COMMON_KV_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/slice.h"

typedef struct KvTime {
    int64_t seconds; /* since 1970-01-01 00:00:00 UTC */
    int32_t nanos;   /* 0 to 999,999,999 */
} KvTime;

/*
 * Converts a timestamptz: microseconds since 2000-01-01 00:00:00 UTC, INT64_MAX and INT64_MIN for
 * infinity and -infinity.  False when the time is outside protobuf's years 1 to 9999; *time is then
 * clamped to 0001-01-01T00:00:00Z or 9999-12-31T23:59:59.999999999Z.
 */
bool kv_time_from_timestamptz(int64_t microseconds, KvTime *time);

/* Parses YYYYMMDDhhmmss, UTC: the first 14 characters of the id of an actions run before the KV
 * migration.  False if that is not a valid date and time. */
bool kv_time_from_run_id(Slice run_id, int64_t *seconds);

/* Parses RFC 3339, such as "2022-06-15T14:30:00.123456Z", into a timestamptz: microseconds since
 * 2000-01-01 00:00:00 UTC, truncated.  False if it is not a valid date and time. */
bool kv_timestamptz_from_text(Slice text, int64_t *microseconds);

/* "9999-12-31T23:59:59.999999999Z" and a NUL. */
enum { KV_TIME_TEXT_SIZE = 31 };

/* Formats as RFC 3339, UTC, with 0, 3, 6 or 9 fractional digits as needed.  False outside the years
 * 1 to 9999. */
bool kv_time_to_text(KvTime time, char text[KV_TIME_TEXT_SIZE]);

#endif
