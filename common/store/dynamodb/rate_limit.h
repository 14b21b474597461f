/*
 * A limit on units per second that several threads share: a token bucket that holds a second's
 * units.  Who takes more than there are waits, and the next ones behind him.
 */
#ifndef COMMON_STORE_DYNAMODB_RATE_LIMIT_H
#define COMMON_STORE_DYNAMODB_RATE_LIMIT_H

#include <pthread.h>
#include <stdint.h>

typedef struct RateLimit {
    uint64_t units_per_second; /* 0: no limit */
    pthread_mutex_t mutex;     /* guards what follows */
    uint64_t paid_until_us;    /* the time at which what was taken so far is there */
} RateLimit;

void rate_limit_init(RateLimit *limit, uint64_t units_per_second);
void rate_limit_destroy(RateLimit *limit);

/* Takes units at a time, in microseconds of a clock that never goes back; returns how many
 * microseconds to wait before they are used. */
uint64_t rate_limit_take(RateLimit *limit, uint64_t now_us, uint64_t units);

/* The time for it. */
uint64_t rate_limit_now_us(void);

#endif
