/*
 * Points in time: from PostgreSQL's to the KV model's, and the time in an actions run's old id.
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
 * From a timestamptz: microseconds since 2000-01-01 00:00:00 UTC, INT64_MAX and INT64_MIN for
 * infinity and -infinity.  Returns false when the time lies outside of protobuf's years 1 to 9999;
 * *time is then the limit that it was clamped to: 0001-01-01T00:00:00Z or
 * 9999-12-31T23:59:59.999999999Z.
 */
bool kv_time_from_timestamptz(int64_t microseconds, KvTime *time);

/* Reads YYYYMMDDhhmmss, UTC, the first 14 characters of an actions run's id before the KV store.
 * False when they are no date and time of the calendar. */
bool kv_time_from_run_id(Slice run_id, int64_t *seconds);

/* Reads RFC 3339, such as "2022-06-15T14:30:00.123456Z", as a timestamptz: microseconds since
 * 2000-01-01 00:00:00 UTC; what is finer is cut off.  False when it is no date and time. */
bool kv_timestamptz_from_text(Slice text, int64_t *microseconds);

/* "9999-12-31T23:59:59.999999999Z" and a NUL. */
enum { KV_TIME_TEXT_SIZE = 31 };

/* As RFC 3339, in UTC, with as many digits behind the second as it takes: 0, 3, 6 or 9.  False for
 * what is no time of the years 1 to 9999. */
bool kv_time_to_text(KvTime time, char text[KV_TIME_TEXT_SIZE]);

#endif
