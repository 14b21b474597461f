/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit on units per second, shared by several threads: a token bucket that holds one second's
 * units.  A caller that exceeds the balance waits; later callers queue behind it.
 */
#ifndef COMMON_STORE_DYNAMODB_RATE_LIMIT_H
#define COMMON_STORE_DYNAMODB_RATE_LIMIT_H

#include <pthread.h>
#include <stdint.h>

typedef struct RateLimit {
    uint64_t units_per_second; /* 0: no limit */
    pthread_mutex_t mutex;     /* guards what follows */
    uint64_t paid_until_us;    /* when all units taken so far will be available */
} RateLimit;

void rate_limit_init(RateLimit *limit, uint64_t units_per_second);
void rate_limit_destroy(RateLimit *limit);

/* Takes units at the time `now_us`, in microseconds of a monotonic clock; returns how many
 * microseconds to wait before using them. */
uint64_t rate_limit_take(RateLimit *limit, uint64_t now_us, uint64_t units);

/* The current time for rate_limit_take. */
uint64_t rate_limit_now_us(void);

#endif
